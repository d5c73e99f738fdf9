import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { setAccessKey, useAccessKey } from '../api/access'
import { ApiError } from '../api/client'
import {
  acknowledgeAlert,
  alertsQuery,
  jobsQuery,
  journalQuery,
  overviewQuery,
  rungsQuery,
  sendIntent,
  statusQuery,
} from '../api/queries'
import type { Alert, Job, JournalItem, Mode, Overview, Rung, Status } from '../api/types'
import { useAppConfig } from '../chain/app-config'
import { useChainNow, useWallNow } from '../chain/use-clock'
import { EpochsCard } from '../components/basket-epochs'
import { ConverterCard, PoolsCard, PowerCard, ReserveCard } from '../components/parts'
import {
  Badge,
  Button,
  Card,
  ChainLink,
  Coin,
  Empty,
  Failure,
  Loaded,
  Lst,
  MoreButton,
  Notice,
  PageHead,
  Progress,
  Stat,
  When,
} from '../components/ui'
import { formatAmount, formatBps, formatCount, max, min, shareBps, sum, wei } from '../lib/amount'
import { displayName, humanize, sentence } from '../lib/text'
import { formatAgo, formatEta } from '../lib/time'

function BufferGauge({ overview }: { overview: Overview }) {
  const { nativeSymbol } = useAppConfig()
  const reserved = wei(overview.reserved)
  const headroom = wei(overview.headroom)
  const committed = min(wei(overview.committed), headroom)
  const free = headroom - committed
  const target = wei(overview.bufferTarget)
  // The scale holds the buffer and the target's mark, whichever reaches further.
  const scale = max(reserved + headroom, reserved + target)
  const parts = [
    { name: 'Reserved', amount: reserved, fill: 'bg-idle', note: 'funded claims and fees, nobody else’s' },
    {
      name: 'Committed to the queue',
      amount: committed,
      fill: 'bg-cooling',
      note: 'came back for the line, not yet paid out',
    },
    { name: 'Free headroom', amount: free, fill: 'bg-buffer', note: 'instant exits and the next stake bus' },
  ]
  const mark = shareBps(reserved + target, scale)
  return (
    <Card
      title="Buffer"
      aside={
        <>
          free for instant exits now: <Coin value={wei(overview.instantLiquidity)} />
        </>
      }
    >
      <div
        role="img"
        aria-label={`${parts.map((part) => `${part.name} ${formatAmount(part.amount)} ${nativeSymbol}`).join(', ')}; the target for headroom is ${formatAmount(target)} ${nativeSymbol}`}
        className="relative pt-5"
      >
        <div className="flex h-6 overflow-hidden rounded-control bg-line">
          {parts.map((part) => (
            <div
              key={part.name}
              className={`${part.fill} border-r border-surface last:border-0`}
              style={{ width: `${shareBps(part.amount, scale) / 100}%` }}
            />
          ))}
        </div>
        {target > 0n && (
          <div
            className="absolute top-0 bottom-0 flex -translate-x-1/2 flex-col items-center"
            style={{ left: `${Math.min(mark, 9_930) / 100}%` }}
          >
            <div className="mt-4 w-0.5 flex-1 bg-ink" />
          </div>
        )}
        {target > 0n && (
          <span
            className={`absolute top-0 text-[11px] leading-4 text-ink-soft ${mark > 5_000 ? '-translate-x-full' : ''}`}
            style={{ left: `${mark / 100}%` }}
          >
            target
          </span>
        )}
      </div>
      <dl className="mt-5 grid grid-cols-2 gap-x-4 gap-y-5 lg:grid-cols-4">
        {parts.map((part) => (
          <div key={part.name}>
            <dt className="flex items-center gap-2 text-sm text-ink-soft">
              <span aria-hidden="true" className={`size-2.5 rounded-sm ${part.fill}`} />
              {part.name}
            </dt>
            <dd className="mt-0.5 text-lg font-semibold tracking-tight [&_.num]:whitespace-normal">
              <Coin value={part.amount} />
            </dd>
            <dd className="text-xs text-ink-faint">{part.note}</dd>
          </div>
        ))}
        <div>
          <dt className="flex items-center gap-2 text-sm text-ink-soft">
            <span aria-hidden="true" className="h-3 w-0.5 bg-ink" />
            Target
          </dt>
          <dd className="mt-0.5 text-lg font-semibold tracking-tight [&_.num]:whitespace-normal">
            <Coin value={target} />
          </dd>
          <dd className="text-xs text-ink-faint">
            {formatBps(overview.withholdBps)} of assets; the instant fee is {formatBps(overview.currentInstantFeeBps)}{' '}
            now
          </dd>
        </div>
      </dl>
    </Card>
  )
}

const RUNG_TONE = { open: 'info', closed: 'neutral', partial: 'accent', funded: 'good' } as const
const RUNG_WORDS = { open: 'Open', closed: 'Waiting', partial: 'Partly funded', funded: 'Funded' } as const

function RungRow({ rung, now, largest }: { rung: Rung; now: number; largest: bigint }) {
  const lst = wei(rung.lst)
  return (
    <li className="grid grid-cols-[3rem_minmax(0,1fr)] items-center gap-x-3 gap-y-1 py-3 text-sm sm:grid-cols-[3rem_minmax(0,1fr)_minmax(0,9rem)_minmax(0,15rem)]">
      <span className="num font-medium">#{rung.id}</span>
      <div className="min-w-0">
        {/* The length is the rung's size, the fill what of it is funded. */}
        <div style={{ width: `${Math.max(4, shareBps(lst, largest) / 100)}%` }}>
          <Progress
            bps={rung.fundedBps}
            label={`Rung ${rung.id}: funded`}
            tone={rung.state === 'funded' ? 'matured' : 'accent'}
          />
        </div>
        <p className="mt-1 text-xs text-ink-soft">
          <Lst value={lst} /> in {rung.count} request{rung.count === 1 ? '' : 's'}
          {rung.state === 'partial' && ` · ${formatBps(rung.fundedBps)} funded`}
        </p>
      </div>
      <span className="col-start-2 sm:col-start-3">
        <Badge tone={RUNG_TONE[rung.state]}>{RUNG_WORDS[rung.state]}</Badge>
      </span>
      <span className="col-start-2 text-ink-soft sm:col-start-4 sm:text-right">
        {rung.state === 'funded' ? (
          'claimable'
        ) : rung.promisedAt === null ? (
          'no promise yet'
        ) : (
          <When at={rung.promisedAt} now={now} />
        )}{' '}
        {rung.revised && <Badge tone="warn">Revised</Badge>}
      </span>
    </li>
  )
}

function Queue({ overview }: { overview: Overview }) {
  const query = useInfiniteQuery(rungsQuery)
  const now = useChainNow()
  return (
    <Card
      title="Queue"
      aside={overview.nextCloseAt === null ? undefined : <>next rung closes {formatEta(overview.nextCloseAt, now)}</>}
    >
      <dl className="mb-3 grid grid-cols-2 gap-5 lg:grid-cols-4">
        <Stat label="Queued in all">
          <Coin value={wei(overview.totalQueued)} />
        </Stat>
        <Stat label="In closed rungs">
          <Lst value={wei(overview.openLst)} />
        </Stat>
        <Stat label="In the open rung">
          <Lst value={wei(overview.stagedLst)} />
        </Stat>
        <Stat label="Past its promise">
          <Coin value={wei(overview.due)} className={wei(overview.due) > 0n ? 'text-bad' : ''} />
        </Stat>
      </dl>
      <Loaded query={query}>
        {({ pages }) => {
          const rungs = pages.flatMap((page) => page.items)
          if (rungs.length === 0) return <Empty>Nobody is waiting.</Empty>
          const largest = rungs.reduce((top, rung) => max(top, wei(rung.lst)), 0n)
          return (
            <>
              <ul className="divide-y divide-line">
                {rungs.map((rung) => (
                  <RungRow key={rung.id} rung={rung} now={now} largest={largest} />
                ))}
              </ul>
              <MoreButton query={query} />
            </>
          )
        }}
      </Loaded>
    </Card>
  )
}

const MODE_WORDS: Record<Mode, string> = { on: 'On', dryRun: 'Dry run', off: 'Off' }
const MODE_TONE: Record<Mode, 'good' | 'warn' | 'neutral'> = { on: 'good', dryRun: 'warn', off: 'neutral' }

function JobRow({ job, now, wall, run }: { job: Job; now: number; wall: number; run: ReactNode }) {
  const { nativeSymbol } = useAppConfig()
  return (
    <li className="grid grid-cols-1 gap-x-4 gap-y-1 py-3.5 text-sm sm:grid-cols-[minmax(0,11rem)_minmax(0,1fr)_auto]">
      <div>
        <div className="flex flex-wrap items-center gap-2">
          <span className="font-medium">{humanize(job.job)}</span>
          <Badge tone={MODE_TONE[job.mode]}>{MODE_WORDS[job.mode]}</Badge>
        </div>
      </div>
      <div className="min-w-0">
        {job.lastDecision === null ? (
          <span className="text-ink-soft">Has not run yet</span>
        ) : (
          <>
            <span className="font-medium">{humanize(job.lastDecision)}</span>
            {job.lastReason && <span className="block text-ink-soft">{sentence(job.lastReason, nativeSymbol)}</span>}
          </>
        )}
      </div>
      <div className="text-xs text-ink-soft sm:text-right">
        <span className="block">
          {job.lastRunAt === null ? '' : formatAgo(job.lastRunAt, wall)}
          {job.lastTxHash && (
            <>
              {' · '}
              <ChainLink kind="tx" value={job.lastTxHash} label="transaction" />
            </>
          )}
        </span>
        {job.nextDueAt !== null && job.mode !== 'off' && (
          <span className="block">next {formatEta(job.nextDueAt, now)}</span>
        )}
        {run}
      </div>
    </li>
  )
}

function RunNow({ job }: { job: string }) {
  const client = useQueryClient()
  const run = useMutation({
    mutationFn: () => sendIntent(job),
    onSettled: () => client.invalidateQueries({ queryKey: ['jobs'] }),
  })
  return (
    <span className="mt-1 block">
      <Button look="plain" disabled={run.isPending} onClick={() => run.mutate()}>
        {run.isPending ? 'Asking…' : run.isSuccess ? 'Asked for' : 'Ask to run now'}
      </Button>
      {run.error && <span className="block text-bad">{run.error.message}</span>}
    </span>
  )
}

function Jobs() {
  const key = useAccessKey()
  const query = useQuery(jobsQuery)
  const now = useChainNow()
  const wall = useWallNow()
  return (
    <Card title="Jobs" aside="last decision and why">
      <Loaded query={query} rows={6}>
        {(jobs) =>
          jobs.length === 0 ? (
            <Empty>No keeper has reported yet.</Empty>
          ) : (
            <ul className="divide-y divide-line">
              {jobs.map((job) => (
                <JobRow
                  key={job.job}
                  job={job}
                  now={now}
                  wall={wall}
                  run={key && job.mode !== 'off' ? <RunNow job={job.job} /> : null}
                />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  )
}

const SEVERITY_TONE = { info: 'info', warning: 'warn', critical: 'bad' } as const
const STATE_TONE = { open: 'bad', acknowledged: 'warn', resolved: 'good' } as const

function AlertItem({ alert, now }: { alert: Alert; now: number }) {
  const { nativeSymbol } = useAppConfig()
  const key = useAccessKey()
  const client = useQueryClient()
  const acknowledge = useMutation({
    mutationFn: () => acknowledgeAlert(alert.id),
    onSettled: () => client.invalidateQueries({ queryKey: ['alerts'] }),
  })
  const denied =
    acknowledge.error instanceof ApiError && (acknowledge.error.status === 401 || acknowledge.error.status === 403)
  return (
    <li className="py-4 first:pt-0 last:pb-0">
      <div className="flex flex-wrap items-start justify-between gap-x-3 gap-y-1">
        <h3 className="min-w-0 font-medium break-words">{sentence(alert.title, nativeSymbol)}</h3>
        <span className="flex gap-2">
          <Badge tone={SEVERITY_TONE[alert.severity]}>{alert.severity}</Badge>
          <Badge tone={STATE_TONE[alert.state]}>{alert.state}</Badge>
        </span>
      </div>
      <p className="mt-1 text-sm break-words text-ink-soft">{sentence(alert.detail, nativeSymbol)}</p>
      <p className="mt-1 text-xs text-ink-faint">
        {humanize(alert.rule)} · opened {formatAgo(alert.openedAt, now)}
        {alert.resolvedAt !== null && ` · resolved ${formatAgo(alert.resolvedAt, now)}`}
      </p>
      {alert.state === 'open' && key && (
        <div className="mt-2">
          <Button look="quiet" disabled={acknowledge.isPending} onClick={() => acknowledge.mutate()}>
            {acknowledge.isPending ? 'Acknowledging…' : 'Acknowledge'}
          </Button>
        </div>
      )}
      {acknowledge.error && (
        <div className="mt-2">
          <Notice tone="bad" title={denied ? 'This key may not do that' : acknowledge.error.message} />
        </div>
      )}
    </li>
  )
}

const FILTERS = [
  ['', 'All'],
  ['open', 'Open'],
  ['acknowledged', 'Acknowledged'],
  ['resolved', 'Resolved'],
] as const

function Alerts() {
  const [state, setState] = useState('')
  const query = useInfiniteQuery(alertsQuery(state))
  const now = useChainNow()
  return (
    <Card title="Alerts">
      <div role="group" aria-label="Which alerts" className="mb-4 flex flex-wrap gap-1.5">
        {FILTERS.map(([value, label]) => (
          <button
            key={value}
            type="button"
            aria-pressed={state === value}
            onClick={() => setState(value)}
            className="min-h-8 rounded-full px-3 text-sm text-ink-soft ring-1 ring-line aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent aria-pressed:ring-accent"
          >
            {label}
          </button>
        ))}
      </div>
      <Loaded query={query}>
        {({ pages }) => {
          const alerts = pages.flatMap((page) => page.items)
          if (alerts.length === 0)
            return <Empty>{state ? 'None in this state.' : 'No alerts. All rules are satisfied.'}</Empty>
          return (
            <>
              <ul className="divide-y divide-line">
                {alerts.map((alert) => (
                  <AlertItem key={alert.id} alert={alert} now={now} />
                ))}
              </ul>
              <MoreButton query={query} />
            </>
          )
        }}
      </Loaded>
    </Card>
  )
}

const WORK_TONE: Record<string, 'good' | 'warn' | 'bad' | 'neutral' | 'info'> = {
  signed: 'info',
  broadcast: 'info',
  mined: 'info',
  succeeded: 'good',
  failed: 'bad',
}

function Journal() {
  const query = useInfiniteQuery(journalQuery)
  const wall = useWallNow()
  const row = (item: JournalItem) => (
    <li key={item.workId} className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1 py-3 text-sm">
      <span className="min-w-0">
        <span className="font-medium">{humanize(item.job)}</span>{' '}
        {/* A bare number is a validator's id: no job has another kind of numbered target. */}
        <span className="text-ink-soft">
          {/^\d+$/.test(item.target) ? `validator ${item.target}` : displayName(item.target, '')}
        </span>
      </span>
      <span className="flex flex-wrap items-baseline gap-x-3 gap-y-1 text-xs text-ink-soft">
        {item.gasUsed !== null && <span className="num">{formatCount(item.gasUsed)} gas</span>}
        {item.txHash && <ChainLink kind="tx" value={item.txHash} label="transaction" />}
        <span>{formatAgo(item.updatedAt, wall)}</span>
        <Badge tone={WORK_TONE[item.state] ?? 'neutral'}>{humanize(item.state)}</Badge>
      </span>
    </li>
  )
  return (
    <Card title="Journal" aside="what was sent">
      <Loaded query={query}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items)
          if (items.length === 0) return <Empty>Nothing has been sent yet.</Empty>
          return (
            <>
              <ul className="divide-y divide-line">{items.map(row)}</ul>
              <MoreButton query={query} />
            </>
          )
        }}
      </Loaded>
    </Card>
  )
}

function Health({ status }: { status: Status }) {
  const wall = useWallNow()
  const [tone, words] =
    status.indexed === null
      ? (['neutral', 'Not indexed yet'] as const)
      : status.holesLeft === 0
        ? (['good', 'Complete'] as const)
        : (['bad', 'Incomplete'] as const)
  return (
    <Card title="Index and keeper">
      <dl className="grid grid-cols-2 gap-5">
        <Stat
          label="Indexed block"
          note={
            status.lagBlocks === null
              ? 'head not seen yet'
              : status.lagBlocks === 0
                ? 'at the head'
                : `${status.lagBlocks} behind the head`
          }
        >
          <span className="num">{status.indexed ? formatCount(status.indexed.number) : '—'}</span>
        </Stat>
        <Stat label="Completeness" note={`${status.holesFound} holes found, ${status.holesLeft} left`}>
          <Badge tone={tone}>{words}</Badge>
        </Stat>
        <Stat
          label="Keeper"
          note={status.keeper.leader === null ? undefined : `leader ${displayName(status.keeper.leader, '')}`}
        >
          <Badge tone={MODE_TONE[status.keeper.mode]}>{MODE_WORDS[status.keeper.mode]}</Badge>
        </Stat>
        <Stat label="Keeper last ran">{formatAgo(status.keeper.lastRunAt, wall)}</Stat>
      </dl>
    </Card>
  )
}

/** A key opens what this service shows to its viewers only, and what only its operators may do. */
function Access() {
  const client = useQueryClient()
  const key = useAccessKey()
  const [text, setText] = useState('')
  const use = (next: string) => {
    setAccessKey(next)
    setText('')
    void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'config' })
  }
  return (
    <Card title="Access key" aside={key ? 'in use' : 'optional'}>
      <form
        className="flex flex-wrap items-end gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          use(text.trim())
        }}
      >
        <div className="min-w-0 flex-1 basis-48">
          <label htmlFor="access-key" className="text-sm text-ink-soft">
            A viewer’s key opens jobs and alerts where the service keeps them private. With an operator’s key you can
            acknowledge alerts and ask for a job to run. It stays in this tab.
          </label>
          <input
            id="access-key"
            type="password"
            autoComplete="off"
            value={text}
            placeholder={key ? 'A key is in use' : ''}
            onChange={(event) => setText(event.target.value)}
            className="mt-1.5 h-10 w-full rounded-control bg-sunken px-3 text-sm ring-1 ring-line-strong"
          />
        </div>
        {key && text.trim() === '' ? (
          <Button look="quiet" onClick={() => use('')}>
            Forget it
          </Button>
        ) : (
          <Button look="quiet" type="submit" disabled={text.trim() === ''}>
            Use key
          </Button>
        )}
      </form>
    </Card>
  )
}

/** The liquid side's buffer and line. */
function Pot() {
  const overview = useQuery(overviewQuery)
  return (
    <Loaded query={overview} rows={8}>
      {(data) => (
        <>
          {data.instantPaused && (
            <Notice tone="warn" title="Instant exits are paused">
              {data.pausedUntil !== null && 'The pause lapses by itself.'} Deposits’ and queue’s own switches are
              separate.
            </Notice>
          )}
          <BufferGauge overview={data} />
          <Queue overview={data} />
        </>
      )}
    </Loaded>
  )
}

function Assets() {
  const overview = useQuery(overviewQuery)
  if (!overview.data) return null
  const { headroom, active, cooling } = overview.data
  return (
    <>
      . Assets: <Coin value={sum([wei(headroom), wei(active), wei(cooling)])} />
    </>
  )
}

export function OperatePage() {
  const { liquid, basket } = useAppConfig()
  const status = useQuery(statusQuery)
  return (
    <>
      <PageHead title="Operate">
        What the system holds, what waits, what the keepers decided and why
        {liquid && <Assets />}.
      </PageHead>
      <div className="space-y-5">
        {status.error && !status.data && <Failure error={status.error} retry={() => status.refetch()} />}
        {liquid && <Pot />}
        <div className="grid grid-cols-1 items-start gap-5 lg:grid-cols-[minmax(0,7fr)_minmax(0,5fr)]">
          <div className="space-y-5">
            <Jobs />
            <Journal />
            {liquid && (
              <>
                <PoolsCard />
                <ConverterCard />
              </>
            )}
            <Access />
          </div>
          {/* On a phone, what is wrong comes before what runs. */}
          <div className="order-first space-y-5 lg:order-none">
            <Alerts />
            {status.data && <Health status={status.data} />}
            {liquid && (
              <>
                <PowerCard />
                <ReserveCard />
              </>
            )}
            {basket && <EpochsCard />}
          </div>
        </div>
      </div>
    </>
  )
}
