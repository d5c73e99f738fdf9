import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import {
  converterQuery,
  delegatesQuery,
  haltQuery,
  poolsQuery,
  reserveMovesQuery,
  reserveQuery,
  scheduledQuery,
} from '../api/queries'
import type { Converter, ExitPools, Halt, ReserveMove } from '../api/types'
import { useAppConfig } from '../chain/app-config'
import { useChainNow } from '../chain/use-clock'
import { formatAmount, formatBps, wei } from '../lib/amount'
import { formatAgo, formatDate } from '../lib/time'
import { Badge, Card, ChainLink, Coin, Empty, Fact, Facts, Loaded, MoreButton, Notice } from './ui'

const MOVES: Record<ReserveMove['kind'], string> = {
  funded: 'Paid in',
  used: 'Paid for a loss',
  withdrawn: 'Taken out',
}

/** The first-loss reserve and what moved it. */
export function ReserveCard() {
  const now = useChainNow()
  const reserve = useQuery(reserveQuery)
  const moves = useInfiniteQuery(reserveMovesQuery)
  return (
    <Card title="First-loss reserve" aside="backs no token until a loss is booked">
      <Loaded query={reserve} rows={2}>
        {(data) => (
          <p className="text-lg font-semibold tracking-tight">
            <Coin value={wei(data.held)} />
          </p>
        )}
      </Loaded>
      <Loaded query={moves} rows={2}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items)
          if (items.length === 0) return <p className="mt-1 text-sm text-ink-soft">Nothing has moved it yet.</p>
          return (
            <>
              <ul className="mt-3 divide-y divide-line text-sm">
                {items.map((move, line) => (
                  <li
                    key={`${move.block}-${move.kind}-${items.length - line}`}
                    className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1 py-2.5"
                  >
                    <span>
                      <span className="font-medium">{MOVES[move.kind]}</span>{' '}
                      {move.account && <ChainLink kind="address" value={move.account} />}
                    </span>
                    <span className="text-right">
                      <Coin value={wei(move.amount)} />
                      <span className="block text-xs text-ink-faint">{formatAgo(move.at, now)}</span>
                    </span>
                  </li>
                ))}
              </ul>
              <MoreButton query={moves} />
            </>
          )
        }}
      </Loaded>
    </Card>
  )
}

function Pools({ pools }: { pools: ExitPools }) {
  const now = useChainNow()
  if (pools.route === null) return <Empty>The market path of exits is off.</Empty>
  return (
    <>
      <p className="text-sm text-ink-soft">
        A sale never falls more than {formatBps(pools.slippageBps)} short of the rate. Route{' '}
        <ChainLink kind="address" value={pools.route} />
      </p>
      {pools.pools.length === 0 && <Empty>No pool is allowed.</Empty>}
      <ul className="mt-2 divide-y divide-line text-sm">
        {pools.pools.map((pool) => (
          <li
            key={pool.address}
            className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1 py-2.5"
            data-testid="pool"
          >
            <span>
              <ChainLink kind="address" value={pool.address} />{' '}
              <span className="text-ink-soft">
                {pool.style.toUpperCase()}
                {pool.feeBps !== null && ` · ${formatBps(pool.feeBps)} fee`}
                {pool.listedAt !== null && ` · allowed ${formatDate(pool.listedAt, now)}`}
              </span>
            </span>
            {pool.offBps === null ? (
              <Badge>Not looked at yet</Badge>
            ) : (
              <Badge tone={pool.offBps > 300 ? 'bad' : 'good'}>{formatBps(pool.offBps)} off the rate</Badge>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}

/** The pools that exits may be sold to. */
export function PoolsCard() {
  const query = useQuery(poolsQuery)
  return (
    <Card title="Pools">
      <Loaded query={query}>{(pools) => <Pools pools={pools} />}</Loaded>
    </Card>
  )
}

function Tokens({ converter }: { converter: Converter }) {
  const { nativeSymbol } = useAppConfig()
  if (converter.address === null) return <Empty>Rewards in other tokens have nowhere to go: no converter is set.</Empty>
  if (converter.tokens.length === 0) return <Empty>No reward token has come in yet.</Empty>
  return (
    <ul className="divide-y divide-line">
      {converter.tokens.map((token) => (
        <li key={token.token} className="py-3 first:pt-0 last:pb-0" data-testid="conversion">
          <h3 className="text-sm font-medium">
            <ChainLink kind="address" value={token.token} />
          </h3>
          {/* Another token's decimals are its own: amounts are in the 10¹⁸ units that prices are told for. */}
          <Facts>
            <Fact label="For sale now" hint="times 10¹⁸ smallest units">
              <span className="num">{formatAmount(wei(token.forSale))}</span>
            </Fact>
            <Fact label="Most in one sale">
              <span className="num">{formatAmount(wei(token.perSale))}</span>
            </Fact>
            <Fact label="Most in a day">
              <span className="num">{formatAmount(wei(token.perDay))}</span>
            </Fact>
            <Fact label="Price now" hint={`floor ${formatAmount(wei(token.floor))} ${nativeSymbol}`}>
              {token.price === null ? '—' : <Coin value={wei(token.price)} />}
            </Fact>
            <Fact label="Became rewards so far">
              <Coin value={wei(token.coins)} />
            </Fact>
          </Facts>
        </li>
      ))}
    </ul>
  )
}

/** Reward tokens and the limits of their sale. */
export function ConverterCard() {
  const query = useQuery(converterQuery)
  return (
    <Card title="Reward tokens" aside="sold by a falling price">
      <Loaded query={query}>{(converter) => <Tokens converter={converter} />}</Loaded>
    </Card>
  )
}

function HaltState({ halt }: { halt: Halt }) {
  const now = useChainNow()
  return (
    <div className="space-y-3 text-sm">
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <Badge tone={halt.halted ? 'bad' : 'good'}>{halt.halted ? 'Halted' : 'Not halted'}</Badge>
        <span className="text-ink-soft">
          {halt.haltCode === null ? (
            'No halt is named.'
          ) : (
            <>
              The halt: <ChainLink kind="address" value={halt.haltCode} />
            </>
          )}
        </span>
      </p>
      {halt.reader && (
        <Notice tone="warn" title="Flags are read elsewhere">
          The staking system’s flags come from <ChainLink kind="address" value={halt.reader} />.
        </Notice>
      )}
      {halt.emergencies.length > 0 && (
        <ul className="divide-y divide-line">
          {halt.emergencies.slice(0, 5).map((each, line) => (
            <li key={`${each.block}-${halt.emergencies.length - line}`} className="py-2.5">
              <span className="font-medium">{each.what === 'halt' ? 'Halt' : 'Other reader'}</span>{' '}
              {each.done ? 'carried out' : 'signed'} by <ChainLink kind="address" value={each.signer} />{' '}
              <span className="text-ink-faint">{formatAgo(each.at, now)}</span>
              {each.until !== null && !each.done && each.until > now && (
                <span className="block text-ink-soft">
                  The second signature counts until {formatDate(each.until, now)}
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

/** What is announced, who claims for whom, and whether the minter is halted. */
export function PowerCard() {
  const now = useChainNow()
  const halt = useQuery(haltQuery)
  const scheduled = useInfiniteQuery(scheduledQuery)
  const delegates = useInfiniteQuery(delegatesQuery)
  const waiting = scheduled.data?.pages.flatMap((page) => page.items).filter((item) => item.waits) ?? []
  const claimers = delegates.data?.pages.flatMap((page) => page.items) ?? []
  return (
    <Card title="Halt and announced changes">
      <Loaded query={halt} rows={2}>
        {(data) => <HaltState halt={data} />}
      </Loaded>
      <h3 className="mt-5 text-sm font-semibold">Announced</h3>
      <Loaded query={scheduled} rows={2}>
        {() =>
          waiting.length === 0 ? (
            <p className="mt-1 text-sm text-ink-soft">No change is waiting.</p>
          ) : (
            <ul className="mt-1 divide-y divide-line text-sm">
              {waiting.map((item) => (
                <li key={item.operation} className="py-2.5">
                  <code className="font-medium break-all">{item.call ?? item.data.slice(0, 10)}</code>
                  <span className="block text-ink-soft">
                    can be carried out from {formatDate(item.executableAt, now)}
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      {claimers.length > 0 && (
        <>
          <h3 className="mt-5 text-sm font-semibold">Delegate claimers</h3>
          <ul className="mt-1 divide-y divide-line text-sm">
            {claimers.map((each) => (
              <li key={each.account} className="py-2.5">
                {each.delegate && (
                  <>
                    <ChainLink kind="address" value={each.delegate} /> claims for{' '}
                  </>
                )}
                <ChainLink kind="address" value={each.account} />
                {each.proposed && (
                  <span className="block text-ink-soft">
                    announced: <ChainLink kind="address" value={each.proposed} />
                  </span>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  )
}
