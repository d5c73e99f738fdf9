import { createContext, use } from 'react'
import type { Address } from 'viem'
import type { Config } from '../api/types'

/** Addresses as viem takes them; a part that the deployment lacks is `null`. */
type Contracts = {
  [Name in keyof Config['contracts']]: Config['contracts'][Name] extends string ? Address : Address | null
}

export type AppConfig = Omit<Config, 'contracts'> & { contracts: Contracts }

export const ConfigContext = createContext<AppConfig | null>(null)

/** The deployment that this page talks to. Only below `ConfigContext`, where it is always there. */
export function useAppConfig(): AppConfig {
  const config = use(ConfigContext)
  if (!config) throw new Error('useAppConfig outside of ConfigContext')
  return config
}
