import { useQuery } from '@tanstack/react-query'
import { basketQuery, sleevesQuery } from '../api/queries'
import type { BasketSleeve, PriceState, QuoteLeg } from '../api/types'
import { useAppConfig } from '../chain/app-config'
import { wei } from '../lib/amount'
import { legUnit, PRICES, unitOf } from '../lib/basket'
import { displayName } from '../lib/text'
import { Amount, Badge } from './ui'

/** The same colour for a sleeve everywhere; there are at most eight. */
export const FILL = ['active', 'matured', 'cooling', 'buffer', 'idle', 'good', 'info', 'bad'] as const
export const fillOf = (sleeve: number) => `var(--${FILL[sleeve % FILL.length]})`

export function useSleeves(): readonly BasketSleeve[] {
  return useQuery(sleevesQuery).data?.sleeves ?? []
}

export function useShareSymbol(): string {
  return displayName(useQuery(basketQuery).data?.symbol, 'BASKET')
}

/** An amount of BASKET. */
export function BasketShares({ value, className = '' }: { value: bigint; className?: string }) {
  return <Amount value={value} unit={useShareSymbol()} className={className} />
}

/** Units of what a sleeve holds. */
export function Units({
  sleeve,
  value,
  className = '',
}: {
  sleeve: { token: string; symbol: string | null; decimals: number | null }
  value: bigint
  className?: string
}) {
  const { nativeSymbol } = useAppConfig()
  return <Amount value={value} {...unitOf(sleeve, nativeSymbol)} className={className} />
}

/** What a leg pays: in coins, or in its sleeve's token. */
export function LegAmount({ sleeve, asset, value }: { sleeve: number; asset: string | null; value: bigint }) {
  const { nativeSymbol } = useAppConfig()
  const its = useSleeves().find((each) => each.id === sleeve)
  return <Amount value={value} {...legUnit(asset, its, nativeSymbol)} />
}

/** Several assets at once, one below the other; `pick` says which amount of each. */
export function Legs({
  legs,
  pick = (leg) => wei(leg.units),
  className = '',
}: {
  legs: readonly QuoteLeg[]
  pick?: (leg: QuoteLeg) => bigint
  className?: string
}) {
  const shown = legs.filter((leg) => pick(leg) > 0n)
  return (
    <>
      {shown.map((leg) => (
        <span key={leg.sleeve} className="block">
          <Units
            sleeve={{ token: leg.asset, symbol: leg.symbol, decimals: leg.decimals }}
            value={pick(leg)}
            className={className}
          />
        </span>
      ))}
    </>
  )
}

export function useSleeveName(): (sleeve: number) => string {
  const { nativeSymbol } = useAppConfig()
  const sleeves = useSleeves()
  return (sleeve) => {
    const its = sleeves.find((each) => each.id === sleeve)
    return its ? unitOf({ ...its, decimals: 18 }, nativeSymbol).unit : `asset ${sleeve}`
  }
}

export function PriceBadge({ state }: { state: PriceState }) {
  return <Badge tone={PRICES[state].tone}>{PRICES[state].words}</Badge>
}
