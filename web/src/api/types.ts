/**
 * What the API answers, by the names that the app uses. The shapes are generated from its OpenAPI document
 * (`npm run generate`). Amounts are decimal strings of wei, rates are scaled by 10^27, times are unix seconds.
 */
import type { components } from '../generated/api'

type Schemas = components['schemas']

export type Page<T> = { items: T[]; nextCursor: string | null }
export * from './basket-types'

type Old = Schemas['PublicConfig']
export type Config = Omit<Old, 'contracts' | 'lstSymbol' | 'features'> & {
  lstSymbol: string | null
  features: Old['features'] & { liquid: boolean; basket: boolean }
  contracts: { [Name in keyof Old['contracts']]: string | null } & {
    basket: {
      basket: string
      token: string
      queue: string
      receipts: string
      feed: string | null
      timelock: string
      governor: string
      gov: string
      guardian: string
    } | null
  }
}
export type Status = Schemas['Status']
export type Overview = Schemas['Overview']
export type Rung = Schemas['Rung']
export type Bucket = Schemas['Bucket']
export type Validator = Schemas['Validator']
export type Account = Schemas['Account']
export type ExitRequest = Schemas['ExitRequest']
export type RequestState = Schemas['RequestState']
export type HistoryItem = Schemas['HistoryItem']
export type HistoryKind = Schemas['HistoryKind']
export type ExitQuote = Schemas['ExitQuote']
export type DepositQuote = Schemas['DepositQuote']
export type Job = Schemas['Job']
export type Mode = Schemas['Mode']
export type JournalItem = Schemas['JournalEntry']
export type Alert = Schemas['Alert']
export type AlertState = Schemas['AlertState']
export type Vault = Schemas['Vault']
export type VaultPosition = Schemas['VaultPosition']
export type VaultRequest = Schemas['VaultRequest']
export type VaultRequestState = Schemas['VaultRequestState']
export type Receipt = Schemas['Receipt']
export type ExitPools = Schemas['ExitPools']
export type PoolQuote = Schemas['PoolQuote']
export type Payouts = Schemas['Payouts']
export type Reserve = Schemas['Reserve']
export type ReserveMove = Schemas['ReserveMove']
export type Converter = Schemas['Converter']
export type Halt = Schemas['Halt']
export type Scheduled = Schemas['Scheduled']
export type Delegate = Schemas['Delegate']
