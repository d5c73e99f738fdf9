import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { statusQuery } from '../api/queries'
import { chainNow } from '../lib/time'
import { useAppConfig } from './app-config'

/** The wall's time in milliseconds, ticking once a second. */
function useWall(): number {
  const [wall, setWall] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setWall(Date.now()), 1_000)
    return () => clearInterval(timer)
  }, [])
  return wall
}

/** The wall's time in unix seconds. Keepers date what they did by it, and a local chain's clock may be years ahead. */
export function useWallNow(): number {
  return Math.floor(useWall() / 1_000)
}

/** The chain's time in unix seconds, ticking once a second. All "in 3 h" on the pages count from it. */
export function useChainNow(): number {
  const { clockFactor, accelerated } = useAppConfig()
  const status = useQuery(statusQuery)
  const wall = useWall()
  const last = status.data?.chainHead
  const head = last ? { timestamp: last.timestamp, seenAt: status.dataUpdatedAt } : null
  return chainNow(head, wall, accelerated ? clockFactor : 1)
}
