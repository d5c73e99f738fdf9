import { createContext, use } from 'react'
import { getAddress, type Address } from 'viem'
import type { Config } from '../api/types'

/** Addresses as viem takes them; a part that the deployment lacks is `null`. */
export type BasketContracts = Addresses<NonNullable<Config['contracts']['basket']>>
type Addresses<T> = { [Name in keyof T]: T[Name] extends string ? Address : Address | null }

type Parts = 'vault' | 'coinVault' | 'receipts' | 'ammRoute' | 'converter'
export type LiquidContracts = Record<'minter' | 'token' | 'rewards' | 'factory' | 'staking', Address> &
  Record<Parts, Address | null>

/** A deployment has the liquid side, or a basket, or both. */
export type AppConfig = Omit<Config, 'contracts' | 'lstSymbol'> & {
  /** Only where there is a liquid side. */
  lstSymbol: string
  liquid: LiquidContracts | null
  basket: BasketContracts | null
}

const part = (address: string | null) => (address === null ? null : getAddress(address))

/** What the service says, in the form in which the pages use it. */
export function appConfig({ contracts, ...rest }: Config): AppConfig {
  const { minter, token, rewards, factory, staking, basket } = contracts
  const liquid: LiquidContracts | null =
    minter && token && rewards && factory && staking
      ? {
          minter: getAddress(minter),
          token: getAddress(token),
          rewards: getAddress(rewards),
          factory: getAddress(factory),
          staking: getAddress(staking),
          vault: part(contracts.vault),
          coinVault: part(contracts.coinVault),
          receipts: part(contracts.receipts),
          ammRoute: part(contracts.ammRoute),
          converter: part(contracts.converter),
        }
      : null
  return {
    ...rest,
    lstSymbol: rest.lstSymbol ?? '',
    liquid,
    basket: basket
      ? {
          basket: getAddress(basket.basket),
          token: getAddress(basket.token),
          queue: getAddress(basket.queue),
          receipts: getAddress(basket.receipts),
          feed: part(basket.feed),
          timelock: getAddress(basket.timelock),
          governor: getAddress(basket.governor),
          gov: getAddress(basket.gov),
          guardian: getAddress(basket.guardian),
        }
      : null,
  }
}

export const ConfigContext = createContext<AppConfig | null>(null)

/** The deployment that this page talks to. Only below `ConfigContext`, where it is always there. */
export function useAppConfig(): AppConfig {
  const config = use(ConfigContext)
  if (!config) throw new Error('useAppConfig outside of ConfigContext')
  return config
}

/** The contracts of the liquid side. Only on pages that a deployment without it does not have. */
export function useLiquid(): LiquidContracts {
  const { liquid } = useAppConfig()
  if (!liquid) throw new Error('this deployment has no liquid side')
  return liquid
}

/** The contracts of the basket. Only on pages that a deployment without one does not have. */
export function useBasket(): BasketContracts {
  const { basket } = useAppConfig()
  if (!basket) throw new Error('this deployment has no basket')
  return basket
}
