import { describe, expect, it } from 'vitest'
import {
  backoff,
  initialLive,
  parseFrame,
  reduceLive,
  staleKeys,
  type LiveEvent,
  type LiveState,
  type Stale,
} from './live'

function run(events: LiveEvent[], from: LiveState = initialLive): { state: LiveState; stale: Stale[] } {
  const stale: Stale[] = []
  let state = from
  for (const event of events) {
    const next = reduceLive(state, event)
    state = next.state
    stale.push(next.stale)
  }
  return { state, stale }
}

const change = (seq: number, topic: string): LiveEvent => ({
  type: 'message',
  at: seq,
  message: { type: 'change', seq, topic },
})
const beat = (seq: number): LiveEvent => ({ type: 'message', at: seq, message: { type: 'heartbeat', seq } })
const resync = (seq: number): LiveEvent => ({ type: 'message', at: seq, message: { type: 'resync', seq } })

describe('the live connection', () => {
  it('follows changes and names the topic that is stale', () => {
    const { state, stale } = run([{ type: 'opened', at: 0 }, change(4, 'queue'), change(6, 'metrics')])
    expect(stale).toEqual(['everything', { topics: ['queue'] }, { topics: ['metrics'] }])
    expect(state).toMatchObject({ phase: 'live', seq: 6, heardAt: 6 })
  })

  it('resumes by number: what is sent again is not refetched, what is new is', () => {
    const { state, stale } = run([
      { type: 'opened', at: 0 },
      change(4, 'queue'),
      { type: 'lost' },
      { type: 'dial' },
      { type: 'opened', at: 9 },
      change(4, 'queue'),
      change(5, 'jobs'),
    ])
    expect(stale.slice(4)).toEqual([null, null, { topics: ['jobs'] }])
    expect(state.seq).toBe(5)
  })

  it('refetches everything after a resync and goes on from its number, also when that is lower', () => {
    const { state, stale } = run([{ type: 'opened', at: 0 }, change(400, 'queue'), resync(12), change(13, 'queue')])
    expect(stale.slice(2)).toEqual(['everything', { topics: ['queue'] }])
    expect(state.seq).toBe(13)
  })

  it('is not moved on by a heartbeat that overtakes a change', () => {
    const { stale } = run([{ type: 'opened', at: 0 }, change(4, 'queue'), beat(9), change(8, 'alerts')])
    expect(stale[3]).toEqual({ topics: ['alerts'] })
  })

  it('starts over when the numbering of the service began anew', () => {
    const { state, stale } = run([{ type: 'opened', at: 0 }, change(400, 'queue'), beat(3), change(4, 'jobs')])
    expect(stale.slice(2)).toEqual(['everything', { topics: ['jobs'] }])
    expect(state.seq).toBe(4)
  })

  it('refetches everything when it reconnects without a number to resume from', () => {
    const { stale } = run([{ type: 'opened', at: 0 }, { type: 'lost' }, { type: 'dial' }, { type: 'opened', at: 5 }])
    expect(stale).toEqual(['everything', null, null, 'everything'])
  })

  it('counts attempts until a message comes, not until the handshake', () => {
    const flapping = run([{ type: 'lost' }, { type: 'dial' }, { type: 'opened', at: 1 }, { type: 'lost' }])
    expect(flapping.state).toMatchObject({ phase: 'waiting', attempts: 2 })
    expect(run([{ type: 'dial' }, { type: 'opened', at: 2 }, beat(1)], flapping.state).state.attempts).toBe(0)
  })

  it('waits longer from attempt to attempt, up to a bound', () => {
    expect([0, 1, 2, 5, 6, 60].map((n) => backoff(n, 0))).toEqual([500, 1000, 2000, 15_000, 15_000, 15_000])
    for (let n = 0; n < 20; n++) expect(backoff(n, 1)).toBeLessThanOrEqual(18_750)
  })
})

describe('frames', () => {
  it('reads ours', () => {
    expect(parseFrame('{"type":"heartbeat","seq":3}')).toEqual({ type: 'heartbeat', seq: 3 })
    expect(parseFrame('{"type":"change","seq":3,"topic":"queue"}')).toEqual({
      type: 'change',
      seq: 3,
      topic: 'queue',
    })
  })

  it.each([
    '',
    'x',
    'null',
    '[]',
    '{}',
    '{"type":"change","seq":1}',
    '{"type":"heartbeat","seq":"1"}',
    '{"type":"resync","seq":1.5}',
    '{"type":"other","seq":1}',
  ])('ignores %j', (frame) => {
    expect(parseFrame(frame)).toBeNull()
  })

  it('reads a refusal, and it changes nothing', () => {
    const message = parseFrame('{"type":"error","error":{"code":"forbidden","message":"m","hint":"h"}}')
    expect(message).toEqual({ type: 'error', code: 'forbidden' })
    expect(parseFrame('{"type":"error"}')).toBeNull()
    if (message)
      expect(
        run([
          { type: 'opened', at: 0 },
          { type: 'message', at: 1, message },
        ]).stale[1],
      ).toBeNull()
  })

  it('ignores what is not text', () => {
    expect(parseFrame(new ArrayBuffer(4))).toBeNull()
  })
})

describe('what a topic makes stale', () => {
  it('covers an account whatever the case of its address', () => {
    expect(staleKeys('account:0xABC')).toContainEqual(['account', '0xabc'])
  })

  it('covers requests when the queue moves', () => {
    expect(staleKeys('queue')).toContainEqual(['account'])
  })

  it('covers positions when an epoch moves, and what somebody may vote with when governance does', () => {
    expect(staleKeys('epochs')).toContainEqual(['account'])
    expect(staleKeys('epochs')).toContainEqual(['epochs'])
    expect(staleKeys('governance')).toContainEqual(['account'])
    expect(staleKeys('prices')).toEqual([['basket']])
  })

  it('knows nothing of other topics', () => {
    expect(staleKeys('weather')).toEqual([])
  })
})
