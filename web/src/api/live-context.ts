import { createContext, use } from 'react'

export type LivePhase = 'connecting' | 'live' | 'waiting'

export const LiveContext = createContext<LivePhase>('connecting')

export const useLive = (): LivePhase => use(LiveContext)
