import { useQueryClient, type QueryClient } from '@tanstack/react-query'
import { useEffect, useState, type ReactNode } from 'react'
import { useAppConfig } from '../chain/app-config'
import { useAccessKey } from './access'
import { LiveContext, type LivePhase } from './live-context'
import { backoff, initialLive, parseFrame, reduceLive, staleKeys, type LiveEvent, type Stale } from './live'

const LIQUID = ['metrics', 'validators', 'buckets', 'queue'] as const
const BASKET = ['nav', 'epochs', 'sleeves', 'prices', 'governance'] as const
/** Need a key where the service does not show them to everyone. */
const VIEWER = ['alerts', 'jobs'] as const
/** Three missed heartbeats at the server's pace of 15 s: the socket is dead although nobody said so. */
const SILENCE_MS = 46_000
/** Blocks of a fast local chain change many topics at once; one refetch per topic and moment is enough. */
const GATHER_MS = 250

/** Collects what became stale and refetches it once per `GATHER_MS`. */
function gatherer(client: QueryClient) {
  let waiting = new Map<string, readonly string[]>()
  let everything = false
  let timer: ReturnType<typeof setTimeout> | null = null
  const flush = () => {
    timer = null
    const keys = waiting
    waiting = new Map()
    if (everything) {
      everything = false
      void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'config' })
      return
    }
    for (const queryKey of keys.values()) void client.invalidateQueries({ queryKey })
  }
  return {
    add(stale: Stale) {
      if (stale === null) return
      if (stale === 'everything') everything = true
      else for (const topic of stale.topics) for (const key of staleKeys(topic)) waiting.set(key.join('/'), key)
      timer ??= setTimeout(flush, GATHER_MS)
    },
    stop() {
      if (timer) clearTimeout(timer)
    },
  }
}

/** Keeps one WebSocket open, resumes it by sequence number, and marks queries stale as changes come in. */
export function LiveProvider({ account, children }: { account: string | undefined; children: ReactNode }) {
  const client = useQueryClient()
  const key = useAccessKey()
  const { liquid, basket } = useAppConfig()
  const [hasLiquid, hasBasket] = [liquid !== null, basket !== null]
  const [phase, setPhase] = useState<LivePhase>('connecting')

  useEffect(() => {
    let state = initialLive
    let socket: WebSocket | null = null
    let redial: ReturnType<typeof setTimeout> | null = null
    let stopped = false
    const stale = gatherer(client)

    const apply = (event: LiveEvent) => {
      const next = reduceLive(state, event)
      state = next.state
      stale.add(next.stale)
      setPhase(state.phase)
    }

    const subscribe = (ws: WebSocket, viewer: boolean) => {
      const topics = [
        ...(hasLiquid ? LIQUID : []),
        ...(hasBasket ? BASKET : []),
        ...(viewer ? VIEWER : []),
        ...(account ? [`account:${account}`] : []),
      ]
      ws.send(JSON.stringify({ subscribe: topics, since: state.seq, ...(viewer && key ? { token: key } : {}) }))
    }

    const dial = () => {
      redial = null
      apply({ type: 'dial' })
      const url = new URL('/api/v1/ws', window.location.href)
      url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
      const ws = new WebSocket(url)
      socket = ws
      ws.onopen = () => {
        subscribe(ws, true)
        apply({ type: 'opened', at: Date.now() })
      }
      ws.onmessage = (frame: MessageEvent<unknown>) => {
        const message = parseFrame(frame.data)
        // Refused for want of a key: everything else is still worth following.
        if (message?.type === 'error' && (message.code === 'unauthorized' || message.code === 'forbidden'))
          subscribe(ws, false)
        if (message) apply({ type: 'message', message, at: Date.now() })
      }
      ws.onclose = () => {
        if (stopped || socket !== ws) return
        socket = null
        apply({ type: 'lost' })
        redial = setTimeout(dial, backoff(state.attempts, Math.random()))
      }
    }

    const hangUp = () => socket?.close()
    const watchdog = setInterval(() => {
      if (state.phase === 'live' && state.heardAt !== null && Date.now() - state.heardAt > SILENCE_MS) hangUp()
    }, 5_000)
    // A laptop that wakes up should not wait for the backoff.
    const wake = () => {
      if (redial && document.visibilityState === 'visible') {
        clearTimeout(redial)
        dial()
      }
    }
    document.addEventListener('visibilitychange', wake)
    window.addEventListener('online', wake)
    dial()
    return () => {
      stopped = true
      document.removeEventListener('visibilitychange', wake)
      window.removeEventListener('online', wake)
      clearInterval(watchdog)
      if (redial) clearTimeout(redial)
      stale.stop()
      hangUp()
    }
  }, [client, account, key, hasLiquid, hasBasket])

  return <LiveContext value={phase}>{children}</LiveContext>
}
