import { createContext, use } from 'react'
import type { Address } from 'viem'
import type { Config } from '../api/types'

export type AppConfig = Omit<Config, 'contracts'> & { contracts: Record<keyof Config['contracts'], Address> }

export const ConfigContext = createContext<AppConfig | null>(null)

/** The deployment that this page talks to. Only below `ConfigContext`, where it is always there. */
export function useAppConfig(): AppConfig {
  const config = use(ConfigContext)
  if (!config) throw new Error('useAppConfig outside of ConfigContext')
  return config
}
