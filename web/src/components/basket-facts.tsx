import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { auctionsQuery, basketHistoryQuery, basketQuery, pricesQuery, sleevesQuery } from '../api/queries'
import type { AssetPrice, BasketHistory, BasketSleeve, BasketSummary, PriceSource } from '../api/types'
import { useAppConfig } from '../chain/app-config'
import { useChainNow } from '../chain/use-clock'
import { formatAmount, formatBps, formatCount, formatSignedBps, shareBps, wei } from '../lib/amount'
import { isCoin, PRICES, priceOfOne, unitOf } from '../lib/basket'
import { displayName } from '../lib/text'
import { formatAgo, formatDuration } from '../lib/time'
import { BasketShares, fillOf, PriceBadge, Units, useShareSymbol, useSleeveName } from './basket-units'
import { BandChart, LayerChart } from './chart'
import { Badge, Card, ChainLink, Coin, Empty, Fact, Facts, Loaded, Notice, Stat, When } from './ui'

function Nav({ basket }: { basket: BasketSummary }) {
  const now = useChainNow()
  const symbol = useShareSymbol()
  const state = PRICES[basket.nav.state]
  const { usd } = basket
  return (
    <>
      <dl className="grid grid-cols-2 gap-x-4 gap-y-6 lg:grid-cols-4" data-testid="basket-nav">
        <Stat label={`1 ${symbol}, low`} note="what an instant exit is reckoned with">
          <Coin value={wei(basket.nav.low)} digits={6} />
        </Stat>
        <Stat label={`1 ${symbol}, high`} note="what a deposit is reckoned with">
          {basket.nav.high === null ? 'not known' : <Coin value={wei(basket.nav.high)} digits={6} />}
        </Stat>
        <Stat
          label="In the basket"
          note={<>at most {basket.assetsHigh === null ? 'not known' : <Coin value={wei(basket.assetsHigh)} />}</>}
        >
          <Coin value={wei(basket.assetsLow)} />
        </Stat>
        <Stat label="Holders" note={<BasketShares value={wei(basket.shares)} />}>
          <span className="num">{formatCount(basket.holders)}</span>
        </Stat>
      </dl>
      <div className="mt-5 flex flex-wrap items-center gap-x-3 gap-y-1 border-t border-line pt-4 text-sm text-ink-soft">
        <PriceBadge state={basket.nav.state} />
        <span>
          {state.means} As of block {formatCount(basket.block)}, {formatAgo(basket.at, now)}; from{' '}
          {basket.feed === null ? (
            'the staking systems’ own books, no feed is asked'
          ) : (
            <>
              the feed <ChainLink kind="address" value={basket.feed} />
            </>
          )}
          . In dollars:{' '}
          {usd.nav === null
            ? 'unavailable'
            : `about ${displayName(usd.nav, '')} USD for 1 ${symbol}, by ${displayName(usd.source, 'its source')}, ${formatAgo(usd.updatedAt, now)}`}
          .
        </span>
      </div>
      {basket.pauses.some((pause) => pause.paused) && (
        <div className="mt-4 space-y-2">
          {basket.pauses
            .filter((pause) => pause.paused)
            .map((pause) => (
              <Notice key={pause.part} tone="warn" title={`${PARTS[pause.part]} paused by the guardian`}>
                It ends by itself, at the latest <When at={pause.until} now={now} />. Exits in kind, epochs and claims
                go on.
              </Notice>
            ))}
        </div>
      )}
    </>
  )
}

export const PARTS = { mint: 'Deposits and mints are', instant: 'Instant exits are', auction: 'Auctions are' } as const

/** What a share is worth, from both sides, and whether to believe it. */
export function NavCard() {
  const basket = useQuery(basketQuery)
  return (
    <Card>
      <Loaded query={basket} rows={4}>
        {(data) => <Nav basket={data} />}
      </Loaded>
    </Card>
  )
}

/** One sleeve's weight: how much it is, where its target lies, and how far a deposit may push it. */
function Weight({ sleeve, scale }: { sleeve: BasketSleeve; scale: number }) {
  const config = useAppConfig()
  const { unit } = unitOf({ ...sleeve, decimals: 18 }, config.nativeSymbol)
  const place = (bps: number) => `${Math.min(100, (bps * 100) / scale)}%`
  const top = Math.min(10_000, sleeve.targetBps + sleeve.bandBps)
  const weight = sleeve.weightBps
  return (
    <li className="py-4 first:pt-0 last:pb-0" data-testid={`sleeve-${sleeve.id}`}>
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <span className="flex items-center gap-2 font-medium">
          <span aria-hidden="true" className="size-2.5 rounded-sm" style={{ background: fillOf(sleeve.id) }} />
          {unit}
          {sleeve.retired && <Badge>Retired</Badge>}
          {sleeve.slow && <Badge tone="warn">Slow: takes nothing in</Badge>}
          {sleeve.priceState !== 'sound' && !isCoin(sleeve.token) && <PriceBadge state={sleeve.priceState} />}
        </span>
        <span className="text-sm">
          <span className="num font-medium">{weight === null ? 'not known' : formatBps(weight)}</span>{' '}
          <span className="text-ink-soft">of a target of {formatBps(sleeve.targetBps)}</span>
        </span>
      </div>
      <svg
        width="100%"
        height="22"
        className="mt-2 block overflow-visible"
        role="img"
        aria-label={`${unit}: ${weight === null ? 'weight not known' : formatBps(weight)}, target ${formatBps(sleeve.targetBps)}, deposits up to ${formatBps(top)}`}
      >
        <rect y="5" width="100%" height="12" rx="4" fill="var(--sunken)" stroke="var(--line)" />
        <rect
          y="2"
          x={place(sleeve.targetBps)}
          width={place(top - sleeve.targetBps)}
          height="18"
          fill="var(--line)"
          opacity="0.9"
        />
        {weight !== null && <rect y="5" width={place(weight)} height="12" rx="4" fill={fillOf(sleeve.id)} />}
        <line
          x1={place(sleeve.targetBps)}
          x2={place(sleeve.targetBps)}
          y1="0"
          y2="22"
          stroke="var(--ink)"
          strokeWidth="2"
        />
      </svg>
      <p className="mt-1.5 flex flex-wrap gap-x-4 gap-y-0.5 text-xs text-ink-soft">
        <span>
          <Units sleeve={sleeve} value={wei(sleeve.ownUnits)} />
          {!isCoin(sleeve.token) && (
            <>
              , worth at least <Coin value={wei(sleeve.worthLow)} />
            </>
          )}
        </span>
        {wei(sleeve.locked) > 0n && (
          <span>
            <Units sleeve={sleeve} value={wei(sleeve.locked)} /> harvested, not yet released
          </span>
        )}
        {wei(sleeve.owed) > 0n && (
          <span>
            <Units sleeve={sleeve} value={wei(sleeve.owed)} /> of people who leave
          </span>
        )}
        {sleeve.core && (
          <span>
            <Coin value={wei(sleeve.core.delegated)} /> delegated to {sleeve.core.validators.length} validator
            {sleeve.core.validators.length === 1 ? '' : 's'}, <Coin value={wei(sleeve.core.idle)} /> idle
          </span>
        )}
        {sleeve.stCore && sleeve.stCore.roundsLate > 0 && (
          <span className="text-warn">
            its operator is {sleeve.stCore.roundsLate} day{sleeve.stCore.roundsLate === 1 ? '' : 's'} late
          </span>
        )}
      </p>
    </li>
  )
}

/** What the basket holds, against what it should. */
export function WeightsCard() {
  const query = useQuery(sleevesQuery)
  const auctions = useQuery(auctionsQuery)
  const now = useChainNow()
  const name = useSleeveName()
  const running = auctions.data?.running
  return (
    <Card title="What it holds" aside="weight, target and band">
      <Loaded query={query} rows={6}>
        {({ sleeves }) => {
          const shown = sleeves.filter((sleeve) => !sleeve.retired || wei(sleeve.units) > 0n)
          if (shown.length === 0) return <Empty>The basket holds nothing yet.</Empty>
          const scale = Math.max(
            ...shown.map((sleeve) => Math.max(sleeve.weightBps ?? 0, sleeve.targetBps + sleeve.bandBps)),
            100,
          )
          return (
            <ul className="divide-y divide-line">
              {shown.map((sleeve) => (
                <Weight key={sleeve.id} sleeve={sleeve} scale={Math.min(10_000, scale)} />
              ))}
            </ul>
          )
        }}
      </Loaded>
      {auctions.data && (
        <p className="mt-4 border-t border-line pt-4 text-sm text-ink-soft">
          {running ? (
            <>
              An auction sells {name(running.from)} for {name(running.to)} until <When at={running.endsAt} now={now} />.
            </>
          ) : (
            <>
              From {formatBps(auctions.data.driftBps)} off a target, what is too much may be sold for what is lacking.
            </>
          )}{' '}
          {formatBps(shareBps(BigInt(auctions.data.budget.spent), BigInt(auctions.data.budget.capacity)))} of this
          month’s budget for that is used.
        </p>
      )}
    </Card>
  )
}

const SPANS = [7, 30, 90] as const

function History({ data }: { data: BasketHistory }) {
  const { nativeSymbol } = useAppConfig()
  const now = useChainNow()
  const name = useSleeveName()
  const symbol = useShareSymbol()
  const { samples } = data
  const ids = [...new Set(samples.flatMap((sample) => sample.sleeves.map((each) => each.sleeve)))].sort((a, b) => a - b)
  const value = (wei_: bigint) => `${formatAmount(wei_, 6)} ${nativeSymbol}`
  const [first, last] = [samples[0], samples[samples.length - 1]]
  if (!first || !last || samples.length < 2)
    return <Empty>Nothing has been measured over this time yet. A picture needs two samples.</Empty>
  const low = samples.map(({ at, navLow }) => ({ at, value: wei(navLow) }))
  const high = samples.map(({ at, navHigh }) => ({ at, value: navHigh === null ? null : wei(navHigh) }))
  return (
    <div className="space-y-5">
      <div>
        <h3 className="mb-2 text-sm font-semibold">
          1 {symbol}{' '}
          <span className="font-normal text-ink-soft">
            low (line) and high (dashed)
            {data.navGrowthBps !== null && ` · ${formatSignedBps(data.navGrowthBps)} a year over this time`}
          </span>
        </h3>
        <BandChart
          low={low}
          high={high}
          from={first.at}
          to={last.at}
          now={now}
          format={value}
          label={`1 ${symbol} from below: ${value(wei(first.navLow))} at first, ${value(wei(last.navLow))} at last`}
        />
      </div>
      <div>
        <h3 className="mb-2 text-sm font-semibold">Composition</h3>
        <LayerChart
          times={samples.map((sample) => sample.at)}
          shares={samples.map((sample) =>
            ids.map((id) => sample.sleeves.find((each) => each.sleeve === id)?.weightBps ?? null),
          )}
          fills={ids.map(fillOf)}
          now={now}
          label={`Composition over time; at last ${ids
            .map((id) => {
              const weight = last.sleeves.find((each) => each.sleeve === id)?.weightBps
              return `${name(id)} ${weight === null || weight === undefined ? 'not known' : formatBps(weight)}`
            })
            .join(', ')}`}
        />
        <ul className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-xs text-ink-soft">
          {ids.map((id) => (
            <li key={id} className="flex items-center gap-1.5">
              <span aria-hidden="true" className="size-2 rounded-sm" style={{ background: fillOf(id) }} />
              {name(id)}
            </li>
          ))}
        </ul>
      </div>
      <div>
        <h3 className="text-sm font-semibold">Yield, by the year</h3>
        <Facts>
          {data.yields.map((each) => (
            <Fact
              key={each.sleeve}
              label={name(each.sleeve)}
              hint={
                each.harvests === 0
                  ? 'nothing harvested over this time'
                  : `${each.harvests} harvest${each.harvests === 1 ? '' : 's'}`
              }
            >
              {each.harvestBps === null && each.rateBps === null
                ? 'not measured long enough'
                : [
                    each.harvestBps === null ? null : `${formatSignedBps(each.harvestBps)} harvested`,
                    each.rateBps === null ? null : `${formatSignedBps(each.rateBps)} by its rate`,
                  ]
                    .filter((text) => text !== null)
                    .join(', ')}
            </Fact>
          ))}
        </Facts>
        <p className="mt-1 text-xs text-ink-faint">What was, not what will be.</p>
      </div>
    </div>
  )
}

/** NAV, composition and yield over a span. */
export function HistoryCard() {
  const [days, setDays] = useState<number>(SPANS[1])
  const now = useChainNow()
  const query = useQuery(basketHistoryQuery(days, now))
  return (
    <Card
      title="History"
      aside={
        <span role="group" aria-label="How long" className="flex gap-1.5">
          {SPANS.map((span) => (
            <button
              key={span}
              type="button"
              aria-pressed={days === span}
              onClick={() => setDays(span)}
              className="min-h-8 rounded-full px-3 text-sm text-ink-soft ring-1 ring-line aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent aria-pressed:ring-accent"
            >
              {span} days
            </button>
          ))}
        </span>
      }
    >
      <Loaded query={query} rows={6}>
        {(data) => <History data={data} />}
      </Loaded>
    </Card>
  )
}

function Source({ source, unit }: { source: PriceSource; unit: string }) {
  const { nativeSymbol } = useAppConfig()
  return (
    <li className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-0.5">
      <span>
        {source.isRate ? 'its staking system’s rate' : source.role === 'fair' ? 'first source' : 'second source'},{' '}
        <ChainLink kind="address" value={source.address} />
      </span>
      <span>
        {source.price === null ? (
          'does not answer'
        ) : (
          <>
            1 {unit} = {formatAmount(wei(source.price))} {nativeSymbol}
          </>
        )}
        {source.age !== null && `, ${source.age < 60 ? `${source.age} s` : formatDuration(source.age)} old`}
        {!source.sound && source.price !== null && ', not sound'}
      </span>
    </li>
  )
}

function Price({ price }: { price: AssetPrice }) {
  const { nativeSymbol } = useAppConfig()
  const now = useChainNow()
  const { unit, decimals } = unitOf({ ...price, token: price.asset }, nativeSymbol)
  const coin = isCoin(price.asset)
  return (
    <li className="py-3.5 text-sm first:pt-0 last:pb-0">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <span className="font-medium">1 {unit}</span>
        <span className="flex flex-wrap items-center gap-2">
          {coin ? (
            <span className="text-ink-soft">is the unit</span>
          ) : price.high === null ? (
            <span className="text-ink-soft">nothing is known</span>
          ) : (
            <span>
              <Coin value={priceOfOne(wei(price.low), decimals)} /> to{' '}
              <Coin value={priceOfOne(wei(price.high), decimals)} />
            </span>
          )}
          {!coin && <PriceBadge state={price.state} />}
        </span>
      </div>
      {price.sources.length > 0 && (
        <ul className="mt-1.5 space-y-1 text-xs text-ink-soft">
          {price.sources.map((source) => (
            <Source key={source.address} source={source} unit={unit} />
          ))}
        </ul>
      )}
      {price.memory && (
        <p className="mt-1 text-xs text-ink-faint">
          Last observed {formatAgo(price.memory.observedAt, now)}
          {price.gapBps !== null &&
            ` · sources ${formatBps(price.gapBps)} apart, at most ${formatBps(price.disagreeBps)}`}
          {price.memory.impairedAt !== null && ` · impaired since ${formatAgo(price.memory.impairedAt, now)}`}
        </p>
      )}
    </li>
  )
}

/** Where each price comes from, and how old it is. */
export function PricesCard() {
  const query = useQuery(pricesQuery)
  return (
    <Card title="Prices" aside="source and age">
      <Loaded query={query} rows={4}>
        {({ prices }) => (
          <ul className="divide-y divide-line">
            {prices.map((price) => (
              <Price key={price.asset} price={price} />
            ))}
          </ul>
        )}
      </Loaded>
    </Card>
  )
}
