import { useQuery } from '@tanstack/react-query'
import { validatorsQuery } from '../api/queries'
import type { Validator } from '../api/types'
import { useAppConfig } from '../chain/app-config'
import { useChainNow } from '../chain/use-clock'
import { LadderChart, Legend, ReturnsChart } from '../components/ladder'
import { Badge, Card, ChainLink, Coin, Empty, Loaded, PageHead, Stat, When } from '../components/ui'
import { formatAmount, formatBps, max, sum, wei } from '../lib/amount'
import { axisOf, returnsOf, rungsOf, totalsOf, type Axis, type Rung } from '../lib/ladder'
import { displayName } from '../lib/text'
import { formatDate, formatDuration } from '../lib/time'

type Ladder = { validator: Validator; rungs: Rung[] }

function Marks({ validator }: { validator: Validator }) {
  return (
    <span className="flex flex-wrap gap-2">
      {validator.slashed && <Badge tone="bad">Slashed</Badge>}
      {!validator.slashed && validator.slashVotes > 0 && (
        <Badge tone="bad">
          {validator.slashVotes} vote{validator.slashVotes === 1 ? '' : 's'} to slash
        </Badge>
      )}
      {!validator.slashed && !validator.active && <Badge tone="warn">Inactive</Badge>}
      {validator.active && !validator.slashed && validator.slashVotes === 0 && <Badge tone="good">Active</Badge>}
    </span>
  )
}

function BucketTable({ rungs, now }: { rungs: readonly Rung[]; now: number }) {
  return (
    <details className="mt-4">
      <summary className="text-sm font-medium text-ink-soft">The {rungs.length} buckets as a table</summary>
      <div className="mt-3 max-h-96 overflow-auto">
        <table className="w-full text-sm">
          <thead className="text-left text-ink-soft">
            <tr className="border-b border-line">
              <th scope="col" className="py-2 pr-4 font-medium">
                Bucket
              </th>
              <th scope="col" className="py-2 pr-4 text-right font-medium">
                Active
              </th>
              <th scope="col" className="py-2 pr-4 text-right font-medium">
                Cooling
              </th>
              <th scope="col" className="py-2 text-right font-medium">
                Back
              </th>
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {rungs.map((rung) => (
              <tr key={rung.index}>
                <td className="py-2 pr-4 whitespace-nowrap">
                  {rung.index} <ChainLink kind="address" value={rung.address} />
                </td>
                <td className="py-2 pr-4 text-right">
                  <Coin value={rung.active} />
                </td>
                <td className="py-2 pr-4 text-right">
                  <Coin value={rung.cooling} />
                </td>
                <td className="py-2 text-right whitespace-nowrap">
                  {rung.end === null ? '—' : rung.state === 'matured' ? 'ready' : formatDate(rung.end, now)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}

function ValidatorCard({ ladder, now, axis, largest }: { ladder: Ladder; now: number; axis: Axis; largest: bigint }) {
  const { nativeSymbol } = useAppConfig()
  const { validator, rungs } = ladder
  const name = displayName(validator.name, `Validator ${validator.id}`)
  const totals = totalsOf(rungs)
  const next = rungs.find((rung) => rung.state === 'cooling')
  const summary =
    `${name}: ${totals.count} buckets, ${totals.available} free for a departure; ${formatAmount(totals.active)} ${nativeSymbol} active, ` +
    `${formatAmount(totals.cooling)} cooling, ${formatAmount(totals.matured)} matured` +
    (next?.end ? `; the next is back in ${formatDuration(next.end - now)}` : '')
  const facts: [string, React.ReactNode][] = [
    ['Our stake', <Coin key="s" value={wei(validator.ourStake)} />],
    ['Target weight', formatBps(validator.weightBps)],
    ['Commission', formatBps(validator.commissionBps)],
    [
      'Room for more',
      validator.capacity === null ? 'No limit' : <Coin key="c" value={wei(validator.capacity)} digits={0} />,
    ],
    ['Asked back', <Coin key="q" value={wei(validator.queued)} />],
    ['Free buckets', `${totals.available} of ${totals.count}`],
    ['Score', `${Math.floor(validator.score / 100)} of 100`],
  ]
  return (
    <section className="card min-w-0 p-5 sm:p-6" aria-labelledby={`validator-${validator.id}`}>
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
        <div className="min-w-0">
          <h2
            id={`validator-${validator.id}`}
            className="text-base font-semibold break-words"
            data-testid="validator-name"
          >
            <bdi>{name}</bdi>
          </h2>
          <p className="text-xs text-ink-faint">id {validator.id}</p>
        </div>
        <Marks validator={validator} />
      </div>
      <dl className="mt-3 mb-5 flex flex-wrap gap-x-7 gap-y-2 text-sm">
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt className="text-xs text-ink-faint">{label}</dt>
            <dd className="num font-medium">{value}</dd>
          </div>
        ))}
        {validator.nextDepartureAt !== null && (
          <div>
            <dt className="text-xs text-ink-faint">Next departure</dt>
            <dd className="font-medium">
              {validator.nextDepartureAt <= now ? (
                'When one is needed'
              ) : (
                <When at={validator.nextDepartureAt} now={now} />
              )}
            </dd>
          </div>
        )}
      </dl>
      {rungs.length === 0 ? (
        <Empty>No buckets yet, so nothing is staked here.</Empty>
      ) : (
        <>
          <LadderChart
            rungs={rungs}
            now={now}
            axis={axis}
            largest={largest}
            nextDeparture={validator.nextDepartureAt}
            summary={summary}
          />
          <BucketTable rungs={rungs} now={now} />
        </>
      )}
    </section>
  )
}

function Ladders({ validators }: { validators: Validator[] }) {
  const { nativeSymbol } = useAppConfig()
  const now = useChainNow()
  if (validators.length === 0) {
    return (
      <Card>
        <Empty>No validators are registered yet.</Empty>
      </Card>
    )
  }
  const axis = axisOf(validators, now)
  const ladders = validators.map((validator): Ladder => ({ validator, rungs: rungsOf(validator.buckets, now) }))
  const rungs = ladders.flatMap((ladder) => ladder.rungs)
  const totals = totalsOf(rungs)
  const largest = rungs.reduce((top, rung) => max(top, rung.active), 0n)
  const returns = returnsOf(rungs, now, axis, 21)
  const coming = sum(returns.map((each) => each.amount))
  return (
    <div className="space-y-5">
      <Card>
        <dl className="grid grid-cols-2 gap-5 lg:grid-cols-4">
          <Stat label="Active" note="earning rewards">
            <Coin value={totals.active} />
          </Stat>
          <Stat label="Cooling" note="on its way back">
            <Coin value={totals.cooling} />
          </Stat>
          <Stat label="Matured" note="back, to be collected by the keepers">
            <Coin value={totals.matured} />
          </Stat>
          <Stat label="Free buckets" note="not cooling: an exit can leave through them">
            <span className="num">
              {totals.available} of {totals.count}
            </span>
          </Stat>
        </dl>
      </Card>
      <Card title="What comes back, and when" aside={`${nativeSymbol}, all validators`}>
        {coming === 0n ? (
          <Empty>Nothing is on its way back: no exit waits for stake.</Empty>
        ) : (
          <ReturnsChart
            returns={returns}
            axis={axis}
            summary={`${formatAmount(coming)} ${nativeSymbol} come back within ${formatDuration(axis.span)}`}
          />
        )}
      </Card>
      <Legend />
      <div className="grid grid-cols-1 items-start gap-5 lg:grid-cols-2">
        {ladders.map((ladder) => (
          <ValidatorCard key={ladder.validator.id} ladder={ladder} now={now} axis={axis} largest={largest} />
        ))}
      </div>
    </div>
  )
}

export function ValidatorsPage() {
  const query = useQuery(validatorsQuery)
  return (
    <>
      <PageHead title="Validators">
        Where the stake is, and when it can come back. Each validator has buckets, and each bucket its own cooldown, so
        exits leave one after another instead of waiting for each other.
      </PageHead>
      <Loaded query={query} rows={10}>
        {(validators) => <Ladders validators={validators} />}
      </Loaded>
    </>
  )
}
