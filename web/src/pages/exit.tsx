import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useId, useState } from 'react'
import { accountQuery, exitQuoteQuery, overviewQuery, poolQuoteQuery, poolsQuery } from '../api/queries'
import type { ExitPools, Overview, PoolQuote } from '../api/types'
import { minterAbi } from '../generated/abi'
import { useAppConfig, useLiquid } from '../chain/app-config'
import { useChainNow } from '../chain/use-clock'
import { isBusy, useTx } from '../chain/use-tx'
import { AmountField } from '../components/amount-field'
import { Later } from '../components/later'
import { Cost, Path } from '../components/path'
import { Requests } from '../components/requests'
import { TxStatus, txLabel } from '../components/tx-status'
import { Badge, Button, Card, Coin, Failure, Lst, Notice, PageHead, When } from '../components/ui'
import { ConnectButton, useReadyWallet } from '../components/wallet'
import { formatAmount, formatBps, ofBps, parseAmount, wei } from '../lib/amount'
import { costOf, FULL, planExit, queuePay } from '../lib/exit'
import { deadlineAt, formatDuration, formatEta, formatRealWait } from '../lib/time'

/** Others may leave between the quote and the block: this much less than quoted is still taken, no more. */
const SLIPPAGE_BPS = 50
const FEE_SLACK_BPS = 25
/** An amount that no pool takes whole: its quote tells the most that one would take. */
const ENDLESS = 2n ** 95n
/** An exit as it would be paid, from the quotes of its parts. A cost is what is missing from today's worth. */
type Parts = {
  bufferLst: bigint
  bufferPay: bigint
  bufferCost: bigint
  bufferFeeBps: number
  poolLst: bigint
  poolPay: bigint
  poolCost: bigint
  /** Buffer and pool together: what is paid in the same transaction. */
  nowLst: bigint
  nowPay: bigint
  queueLst: bigint
  queueNet: bigint
  queueCost: bigint
  queueFeeBps: number
  eta: number | null
  etaIfMissed: number | null
}

/** What the pools say of this exit: a word for the badge, the price as a cost, and a sentence. */
function marketWords(parts: Parts | null, pools: ExitPools | undefined, alone: PoolQuote | undefined) {
  if (pools === undefined) return { badge: '…', share: '…', text: 'Asking the pools…' }
  if (pools.pools.length === 0) {
    return {
      badge: 'Not enabled',
      share: 'The pool’s price',
      text: 'Sells to a pool when that beats the instant fee. Here no pool is allowed, so nothing goes this way.',
    }
  }
  const cap = `never more than ${formatBps(pools.slippageBps)} under the rate`
  const share = parts && parts.poolLst > 0n ? 'the pool’s price' : cap
  // Not yet asked is no refusal.
  if (alone?.pool === null) {
    return { badge: 'At once', share, text: `Sells to a pool, ${cap}. No pool buys at that price now.` }
  }
  return { badge: 'At once', share, text: `Sells to a pool when that beats the instant fee, ${cap}.` }
}

function Paths({
  parts,
  overview,
  pools,
  alone,
}: {
  parts: Parts | null
  overview: Overview | undefined
  pools: ExitPools | undefined
  /** What the best pool would pay for this amount by itself. */
  alone: PoolQuote | undefined
}) {
  const { accelerated, clockFactor, lstSymbol } = useAppConfig()
  const now = useChainNow()
  const eta = parts?.eta ?? null
  const missed = parts?.etaIfMissed ?? null
  const real = eta === null ? null : formatRealWait(eta, now, accelerated ? clockFactor : 1)
  const bufferFee =
    parts && parts.bufferLst > 0n
      ? `${formatBps(parts.bufferFeeBps)} fee`
      : overview
        ? `${formatBps(overview.minInstantFeeBps)} to ${formatBps(overview.maxInstantFeeBps)} fee`
        : '…'
  const queueFee = overview ? `${formatBps(parts?.queueFeeBps ?? overview.standardFeeBps)} fee` : '…'
  const market = marketWords(parts, pools, alone)
  const none = pools !== undefined && pools.pools.length === 0
  return (
    <div className="grid grid-cols-1 gap-4 md:grid-cols-3">
      <Path
        name="Instant"
        badge={<Badge tone="accent">At once</Badge>}
        pays={<Coin value={parts?.bufferPay ?? 0n} />}
        muted={parts !== null && parts.bufferLst === 0n}
        give={<Lst value={parts?.bufferLst ?? 0n} />}
        cost={<Cost coins={parts?.bufferCost ?? null} share={bufferFee} />}
        when="In the same transaction"
      >
        Paid from the buffer. The fee rises as the buffer empties.
      </Path>
      <Path
        name="Market"
        badge={<Badge tone={none ? 'neutral' : 'accent'}>{market.badge}</Badge>}
        pays={none ? '—' : <Coin value={parts?.poolPay ?? 0n} />}
        muted={none || (parts !== null && parts.poolLst === 0n)}
        give={none ? '—' : <Lst value={parts?.poolLst ?? 0n} />}
        cost={<Cost coins={none ? null : (parts?.poolCost ?? null)} share={market.share} />}
        when="In the same transaction"
      >
        {market.text}
        {parts && alone && alone.pool !== null && (
          <span className="mt-1 block" data-testid="exit-pool-alone">
            By itself it would take <Lst value={wei(alone.lst)} /> of this for <Coin value={wei(alone.pay)} />.
          </span>
        )}
      </Path>
      <Path
        name="Queue"
        badge={
          <Badge tone="info">{eta === null || eta <= now ? 'Cheapest' : `Within ${formatDuration(eta - now)}`}</Badge>
        }
        pays={<Coin value={parts?.queueNet ?? 0n} />}
        muted={parts !== null && parts.queueLst === 0n}
        give={<Lst value={parts?.queueLst ?? 0n} />}
        cost={<Cost coins={parts?.queueCost ?? null} share={queueFee} />}
        when={
          eta === null ? (
            parts && parts.queueLst > 0n ? (
              'Not known yet'
            ) : (
              'By a time told beforehand'
            )
          ) : (
            <>
              <When at={eta} now={now} />
              {real && <span className="block text-xs font-normal text-ink-faint">{real}</span>}
            </>
          )
        }
      >
        {missed !== null && missed !== eta && (
          <>The latest time, usually sooner; {formatEta(missed, now)} if the keepers miss a departure. </>
        )}
        What waits earns no rewards and shares losses like any {lstSymbol}.
      </Path>
    </div>
  )
}

function Split({
  share,
  onShare,
  most,
  amount,
  parts,
  liquidity,
}: {
  share: number
  onShare: (share: number) => void
  most: bigint
  amount: bigint
  parts: Parts | null
  liquidity: bigint | null
}) {
  const id = useId()
  const { lstSymbol } = useAppConfig()
  const none = most === 0n
  const words = parts
    ? `${formatAmount(parts.nowLst)} ${lstSymbol} now, ${formatAmount(parts.queueLst)} ${lstSymbol} through the queue`
    : 'not quoted yet'
  return (
    <div>
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <label htmlFor={id} className="text-sm font-medium">
          How much now
        </label>
        <span className="text-sm text-ink-soft">
          {amount > 0n ? (
            <>
              at most <Lst value={most} /> of this
            </>
          ) : liquidity === null ? null : (
            <>
              up to <Coin value={liquidity} /> for everybody
            </>
          )}
        </span>
      </div>
      <input
        id={id}
        data-testid="exit-now-slider"
        type="range"
        className="slider mt-1"
        min={0}
        max={FULL}
        step={50}
        value={none ? 0 : share}
        disabled={none || amount === 0n}
        onChange={(event) => onShare(event.target.valueAsNumber)}
        aria-valuetext={words}
        style={{ '--fill': `${none ? 0 : share / 100}%` } as React.CSSProperties}
      />
      <div className="mt-1 flex justify-between gap-6 text-sm [&>:first-child]:text-left [&>:last-child]:text-right">
        <Button look="plain" disabled={none || amount === 0n} onClick={() => onShare(0)} data-testid="exit-all-queue">
          All through the queue
        </Button>
        <Button look="plain" disabled={none || amount === 0n} onClick={() => onShare(FULL)}>
          As much as possible now
        </Button>
      </div>
    </div>
  )
}

/** The split of an exit and what its parts pay, with what can still be asked again when it fails. */
function useParts(typed: bigint, share: number, overview: Overview | undefined, hasPool: boolean) {
  const amount = useDeferredValue(typed)
  const settledShare = useDeferredValue(share)
  const whole = useQuery(exitQuoteQuery(amount))
  const most = useQuery(poolQuoteQuery(ENDLESS, hasPool))
  const rate = overview ? wei(overview.rate) : 0n
  const poolMost = hasPool ? most.data && wei(most.data.lst) : 0n
  const known = amount > 0n && overview !== undefined && whole.data !== undefined && !whole.isPlaceholderData
  const plan =
    known && poolMost !== undefined
      ? planExit(amount, settledShare, whole.data, wei(overview.instantLiquidity), rate, poolMost)
      : null
  const now = useQuery(exitQuoteQuery(plan?.askNow ?? 0n))
  const queue = useQuery(exitQuoteQuery(plan?.askQueue ?? 0n))

  let parts: Parts | null = null
  const nowKnown = plan !== null && (plan.askNow === null || (now.data !== undefined && !now.isPlaceholderData))
  if (plan && overview && nowKnown) {
    const quoted = plan.askNow === null ? null : now.data
    const line = plan.askQueue === null || queue.isPlaceholderData ? null : queue.data?.queue
    const queueFeeBps = whole.data?.queue.feeBps ?? overview.standardFeeBps
    const bufferLst = quoted ? wei(quoted.instantNow.lst) : 0n
    const bufferPay = quoted ? wei(quoted.instantNow.pay) : 0n
    const poolLst = quoted ? wei(quoted.amm.lst) : 0n
    const poolPay = quoted ? wei(quoted.amm.pay) : 0n
    const queueNet = queuePay(plan.queueLst, rate, queueFeeBps)
    parts = {
      bufferLst,
      bufferPay,
      bufferCost: costOf(bufferLst, rate, bufferPay),
      bufferFeeBps: quoted?.instantNow.feeBps ?? 0,
      poolLst,
      poolPay,
      poolCost: costOf(poolLst, rate, poolPay),
      nowLst: plan.nowLst,
      nowPay: bufferPay + poolPay,
      queueLst: plan.queueLst,
      queueNet,
      queueCost: costOf(plan.queueLst, rate, queueNet),
      queueFeeBps,
      eta: line?.eta ?? null,
      etaIfMissed: line?.etaIfMissed ?? null,
    }
    // Buffer or pool moved between the two answers: what is shown would not add up, so it waits for the next answer.
    if (bufferLst + poolLst !== plan.nowLst) parts = null
  }
  return {
    amount,
    most: plan?.most ?? 0n,
    parts,
    /** Nothing is on its way that could change what is shown. */
    fresh: parts !== null && typed === amount && share === settledShare,
    error: amount > 0n ? (whole.error ?? now.error ?? queue.error ?? (hasPool ? most.error : null)) : null,
    refetch: () => Promise.all([whole.refetch(), now.refetch(), queue.refetch(), ...(hasPool ? [most.refetch()] : [])]),
  }
}

function ExitForm() {
  const config = useAppConfig()
  const { minter } = useLiquid()
  const wallet = useReadyWallet()
  const now = useChainNow()
  const overview = useQuery(overviewQuery)
  const account = useQuery({ ...accountQuery(wallet.address ?? ''), enabled: wallet.address !== undefined })
  const [text, setText] = useState('')
  const [share, setShare] = useState(FULL)
  const { state, send, reset } = useTx()

  const parsed = parseAmount(text)
  const typed = parsed.ok ? parsed.value : 0n
  const pools = useQuery(poolsQuery)
  const hasPool = (pools.data?.pools.length ?? 0) > 0
  const { amount, most, parts, fresh, error, refetch } = useParts(typed, share, overview.data, hasPool)
  const alone = useQuery(poolQuoteQuery(amount, hasPool))

  const held = account.data ? wei(account.data.lstBalance) : undefined
  const problem = held !== undefined && typed > held ? 'That is more than you hold.' : null
  const paused = overview.data?.instantPaused === true

  const change = (value: string) => {
    setText(value)
    if (!isBusy(state)) reset()
  }
  const exit = async () => {
    if (!parts) return
    const ok = await send({
      address: minter,
      abi: minterAbi,
      functionName: 'redeem',
      args: [
        amount,
        {
          // At the end of the slider: whatever more buffer and pool take meanwhile is welcome, and the contract finds the
          // better price. Before it: just the parts that were shown.
          instantMax: share === FULL ? amount : parts.bufferLst,
          ammMax: !hasPool ? 0n : share === FULL ? amount : parts.poolLst,
          queueMax: amount,
          minOutNow: parts.nowPay - ofBps(parts.nowPay, SLIPPAGE_BPS),
          feeLimitBps: BigInt(parts.bufferFeeBps + FEE_SLACK_BPS),
          deadline: deadlineAt(now, config.clockFactor),
          recipient: wallet.address,
        },
      ],
    })
    if (ok) setText('')
  }

  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault()
        void exit()
      }}
    >
      <Card>
        <div className="grid grid-cols-1 gap-x-10 gap-y-4 lg:grid-cols-2">
          <AmountField
            label="You exit"
            unit={config.lstSymbol}
            text={text}
            onText={change}
            balance={held === undefined ? undefined : { label: 'You hold', value: held, max: held }}
            problem={problem}
            testId="exit-amount"
          />
          <div>
            <Split
              share={share}
              onShare={setShare}
              most={most}
              amount={amount}
              parts={parts}
              liquidity={overview.data ? wei(overview.data.instantLiquidity) : null}
            />
            {paused && (
              <p className="mt-2 text-sm text-warn">
                Instant exits are paused for the moment; the queue and claims go on.
              </p>
            )}
          </div>
        </div>
      </Card>
      <Paths
        parts={parts}
        overview={overview.data}
        pools={pools.data}
        alone={alone.isPlaceholderData ? undefined : alone.data}
      />
      <Card>
        <div className="grid grid-cols-1 items-center gap-x-10 gap-y-4 lg:grid-cols-2">
          <p className="text-[15px]" aria-live="polite" data-testid="exit-summary">
            {parts ? (
              <>
                {parts.nowLst > 0n && (
                  <>
                    You get <Coin value={parts.nowPay} className="font-semibold" /> now
                    {parts.queueLst > 0n ? ', and ' : '.'}
                  </>
                )}
                {parts.queueLst > 0n && (
                  <>
                    {parts.nowLst > 0n ? '' : 'You get '}
                    <Coin value={parts.queueNet} className="font-semibold" />{' '}
                    {parts.eta === null ? (
                      'through the queue.'
                    ) : (
                      <>
                        claimable <When at={parts.eta} now={now} />.
                      </>
                    )}
                  </>
                )}
                <span className="mt-1 block text-sm text-ink-soft">
                  {parts.nowLst > 0n && 'If more than 0.5 % less could be paid now, nothing happens. '}
                  {parts.queueLst > 0n && 'The queued part can be cancelled until it joins the line.'}
                </span>
              </>
            ) : (
              <span className="text-ink-soft">Enter an amount to see what each path pays and when.</span>
            )}
          </p>
          <div className="space-y-3">
            {wallet.connected ? (
              <Button
                type="submit"
                wide
                data-testid="exit-submit"
                disabled={!wallet.ready || !fresh || held === undefined || problem !== null || isBusy(state)}
              >
                {txLabel(state, !wallet.ready ? 'Switch network first' : typed === 0n ? 'Enter an amount' : 'Exit')}
              </Button>
            ) : (
              <ConnectButton wide label="Connect a wallet to exit" />
            )}
          </div>
        </div>
        <div className="mt-3 space-y-3 empty:hidden" data-testid="exit-status">
          {pools.error && !pools.data && <Failure error={pools.error} retry={() => pools.refetch()} />}
          {overview.error && !overview.data && <Failure error={overview.error} retry={() => overview.refetch()} />}
          {error && <Failure error={error} retry={refetch} />}
          {account.error && wallet.connected && <Failure error={account.error} retry={() => account.refetch()} />}
          <TxStatus state={state} done="What was queued is listed below, with its promised time." />
        </div>
      </Card>
    </form>
  )
}

export function ExitPage() {
  const { nativeSymbol, lstSymbol } = useAppConfig()
  const wallet = useReadyWallet()
  return (
    <>
      <PageHead title="Exit">
        Turn {lstSymbol} back into {nativeSymbol}: part of it at once, the rest through the queue, at a time you know
        beforehand.
      </PageHead>
      <div className="space-y-5">
        <ExitForm />
        {wallet.address ? (
          <Requests address={wallet.address} mine />
        ) : (
          <Card title="My requests">
            <Notice tone="neutral">
              Connect a wallet to see your requests, their place in the line and their promised time.
            </Notice>
          </Card>
        )}
        <Later only={['receipts', 'asyncExit']} />
      </div>
    </>
  )
}
