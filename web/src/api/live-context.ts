import { createContext, use } from 'react'

export type LiveView = { phase: 'connecting' | 'live' | 'waiting'; since: number | null }

export const LiveContext = createContext<LiveView>({ phase: 'connecting', since: null })

export const useLive = (): LiveView => use(LiveContext)
