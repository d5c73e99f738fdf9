/**
 * The live connection as a pure state machine. The socket only tells what is stale; the truth is always fetched.
 * `seq` numbers changes; a client that reconnects names the last one it saw and gets the rest, or `resync` if that is gone.
 */

export type LiveMessage =
  | { type: 'change'; seq: number; topic: string }
  | { type: 'heartbeat'; seq: number }
  | { type: 'resync'; seq: number }
  | { type: 'error'; code: string }

export type LiveState = {
  phase: 'connecting' | 'live' | 'waiting'
  /** The last change that was seen, `null` before the first message. */
  seq: number | null
  /** Failed attempts in a row. */
  attempts: number
  /** Wall milliseconds of the last message; a silent socket is a dead one. */
  heardAt: number | null
}

export type LiveEvent =
  | { type: 'dial' }
  | { type: 'opened'; at: number }
  | { type: 'message'; message: LiveMessage; at: number }
  | { type: 'lost' }

/** What to refetch after an event: some topics, everything, or nothing. */
export type Stale = { topics: readonly string[] } | 'everything' | null

export const initialLive: LiveState = { phase: 'connecting', seq: null, attempts: 0, heardAt: null }

export function reduceLive(state: LiveState, event: LiveEvent): { state: LiveState; stale: Stale } {
  switch (event.type) {
    case 'dial':
      return { state: { ...state, phase: 'connecting' }, stale: null }
    case 'opened':
      // The backoff is forgiven by the first message, not by the handshake: a server may accept and drop at once.
      // Without a number to resume from, nobody knows what was missed.
      return {
        state: { ...state, phase: 'live', heardAt: event.at },
        stale: state.seq === null ? 'everything' : null,
      }
    case 'lost':
      return { state: { ...state, phase: 'waiting', attempts: state.attempts + 1 }, stale: null }
    case 'message':
      return onMessage({ ...state, phase: 'live', attempts: 0, heardAt: event.at }, event.message)
  }
}

function onMessage(state: LiveState, message: LiveMessage): { state: LiveState; stale: Stale } {
  switch (message.type) {
    case 'error':
      return { state, stale: null }
    case 'resync':
      return { state: { ...state, seq: message.seq }, stale: 'everything' }
    case 'change':
      // Sent again after a resume: already seen.
      if (state.seq !== null && message.seq <= state.seq) return { state, stale: null }
      return { state: { ...state, seq: message.seq }, stale: { topics: [message.topic] } }
    case 'heartbeat':
      // One below what we saw means that the server's numbering began anew (another database): start over.
      if (state.seq !== null && message.seq < state.seq) return { state: { ...state, seq: null }, stale: 'everything' }
      // One above says nothing about our topics and may even overtake a change, so it never moves the number.
      return { state, stale: null }
  }
}

/** How long to wait before attempt `n`: 0.5 s doubling to 15 s, with up to a quarter of jitter so that clients spread. */
export function backoff(attempts: number, random: number): number {
  const base = Math.min(15_000, 500 * 2 ** Math.min(attempts, 6))
  return Math.round(base * (1 + 0.25 * random))
}

/** Reads a frame; anything that is not one of ours is `null` and ignored. */
export function parseFrame(data: unknown): LiveMessage | null {
  if (typeof data !== 'string') return null
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const frame = value as Record<string, unknown>
  if (frame.type === 'error') {
    const code = (frame.error as Record<string, unknown> | null | undefined)?.code
    return typeof code === 'string' ? { type: 'error', code } : null
  }
  const seq = frame.seq
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq)) return null
  if (frame.type === 'heartbeat' || frame.type === 'resync') return { type: frame.type, seq }
  if (frame.type === 'change' && typeof frame.topic === 'string') {
    return { type: 'change', seq, topic: frame.topic }
  }
  return null
}

/** The query keys that a topic makes stale. Keys are prefixes. */
export function staleKeys(topic: string): readonly (readonly string[])[] {
  if (topic.startsWith('account:')) return [['account', topic.slice('account:'.length).toLowerCase()], ['balance']]
  switch (topic) {
    case 'metrics':
      return [['metrics'], ['status']]
    case 'validators':
    case 'buckets':
      return [['validators']]
    case 'queue':
      // A funded rung changes what each waiting request is worth and when it comes.
      return [['queue'], ['account'], ['metrics', 'overview'], ['metrics', 'quote']]
    case 'alerts':
      return [['alerts']]
    case 'jobs':
      return [['jobs'], ['status']]
    case 'nav':
    case 'sleeves':
    case 'prices':
      return [['basket']]
    case 'epochs':
      // A close carves every position, and a leg that pays is claimable for all of them.
      return [['epochs'], ['account'], ['basket']]
    case 'governance':
      return [['governance'], ['account']]
    default:
      return []
  }
}
