import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState, type ReactNode } from 'react'
import { basketAccountQuery, basketExitQuery, basketQuery } from '../api/queries'
import type { BasketExitQuote, BasketSummary, QuoteLeg } from '../api/types'
import { basketAbi, queueAbi } from '../generated/abi'
import { useAppConfig, useBasket } from '../chain/app-config'
import { useChainNow } from '../chain/use-clock'
import { isBusy, useTx } from '../chain/use-tx'
import { formatBps, parseAmount, wei } from '../lib/amount'
import { atLeast, CLOSED } from '../lib/basket'
import { deadlineAt, formatDuration, formatRealWait } from '../lib/time'
import { AmountField } from './amount-field'
import { Legs, useShareSymbol } from './basket-units'
import { Cost, Path } from './path'
import { TxStatus, txLabel } from './tx-status'
import { Badge, Button, Card, Coin, Failure, Loaded, When } from './ui'
import { ConnectButton, useReadyWallet } from './wallet'

const leftBehind = (legs: readonly QuoteLeg[]): ReactNode =>
  legs.some((leg) => wei(leg.forgone) > 0n) ? <Legs legs={legs} pick={(leg) => wei(leg.forgone)} /> : 'Nothing'

/** What each way would pay for an amount; before there is one, what each way is. */
function Ways({
  quote,
  basket,
  act,
}: {
  quote: BasketExitQuote | undefined
  basket: BasketSummary
  act: { instant: ReactNode; kind: ReactNode; epoch: ReactNode }
}) {
  const { nativeSymbol, accelerated, clockFactor } = useAppConfig()
  const now = useChainNow()
  const pause = basket.pauses.find((each) => each.part === 'instant' && each.paused)
  const closed = quote?.instant.closed ?? (pause ? 'paused' : basket.nav.state === 'sound' ? null : 'price')
  const readyBy = quote?.epoch.readyBy
  const real = readyBy === undefined ? null : formatRealWait(readyBy, now, accelerated ? clockFactor : 1)
  const { epoch } = basket
  return (
    <div className="grid grid-cols-1 gap-4 md:grid-cols-3">
      <Path
        name="Instant"
        testId="way-instant"
        badge={<Badge tone={closed ? 'warn' : 'accent'}>{closed ? 'Closed' : 'At once'}</Badge>}
        pays={closed ? '—' : <Coin value={quote ? wei(quote.instant.coins) : 0n} />}
        muted={closed !== null || quote === undefined}
        cost={
          <Cost
            coins={quote?.instant.available ? wei(quote.instant.feeCoins) : null}
            share={`${formatBps(basket.fees.instantBps)} fee`}
          />
        }
        forgone={quote ? leftBehind(quote.inKind.legs) : '—'}
        when="In the same transaction"
        action={act.instant}
      >
        {closed ? (
          <>
            {CLOSED[closed]}{' '}
            {closed === 'paused' && pause?.until && (
              <>
                It ends by itself, at the latest <When at={pause.until} now={now} />.
              </>
            )}
            {closed === 'idle' && (
              <>
                Now <Coin value={wei(basket.maxInstant)} /> could be paid, before the fee.
              </>
            )}
          </>
        ) : (
          <>
            {nativeSymbol} at the low price, out of idle coins: <Coin value={wei(basket.maxInstant)} /> for everybody,
            before the fee.
          </>
        )}
      </Path>
      <Path
        name="In kind"
        testId="way-kind"
        badge={<Badge tone="accent">Never closed</Badge>}
        pays={
          quote ? (
            <Legs legs={quote.inKind.legs} className="text-lg [&]:whitespace-normal" />
          ) : (
            'Your part of each asset'
          )
        }
        muted={quote === undefined}
        cost="No fee"
        forgone={quote ? leftBehind(quote.inKind.legs) : '—'}
        when="In the same transaction"
        action={act.kind}
      >
        The assets themselves, without a price. One that cannot be delivered now waits in your name and holds up no
        other.
      </Path>
      <Path
        name="Epoch"
        testId="way-epoch"
        badge={
          <Badge tone="info">
            {readyBy === undefined || readyBy <= now ? 'Never closed' : `Latest in ${formatDuration(readyBy - now)}`}
          </Badge>
        }
        pays={
          quote ? <Legs legs={quote.epoch.legs} className="text-lg [&]:whitespace-normal" /> : 'What each exit brings'
        }
        muted={quote === undefined}
        cost="No fee"
        forgone={quote ? leftBehind(quote.epoch.legs) : '—'}
        when={
          quote ? (
            <>
              <span className="text-xs font-normal text-ink-faint">at the latest</span>{' '}
              <When at={quote.epoch.readyBy} now={now} />
              {real && <span className="block text-xs font-normal text-ink-faint">{real}</span>}
            </>
          ) : (
            `At the latest ${formatDuration(basket.longestExit)} after you ask`
          )
        }
        action={act.epoch}
      >
        {epoch.takesRequests ? (
          <>
            Joins epoch {epoch.id}, which closes <When at={epoch.closesAt} now={now} />. Until then your shares earn and
            you can cancel. Each asset is then unbonded its own way and paid mostly in {nativeSymbol}; nothing accrues
            from the close on.
          </>
        ) : epoch.due ? (
          <>
            Epoch {epoch.id} has to be closed before the next one takes requests. The keepers do that, and anybody may:
            see below.
          </>
        ) : (
          <>
            From 23:00 UTC until the close no requests are taken. They are again{' '}
            <When at={quote?.epoch.requestsFrom ?? epoch.closesAt} now={now} />.
          </>
        )}
      </Path>
    </div>
  )
}

/** The three ways out of the same shares, side by side. */
export function BasketOut() {
  const config = useAppConfig()
  const { basket: at, queue } = useBasket()
  const wallet = useReadyWallet()
  const now = useChainNow()
  const symbol = useShareSymbol()
  const basket = useQuery(basketQuery)
  const account = useInfiniteQuery({
    ...basketAccountQuery(wallet.address ?? ''),
    enabled: wallet.address !== undefined,
  })
  const [text, setText] = useState('')
  const [way, setWay] = useState<'instant' | 'kind' | 'epoch'>('epoch')
  const { state, send, reset } = useTx()
  const parsed = parseAmount(text)
  const shares = parsed.ok ? parsed.value : 0n
  const quote = useQuery(basketExitQuery(useDeferredValue(shares)))
  const fresh =
    shares > 0n && quote.data !== undefined && !quote.isPlaceholderData && quote.data.shares === shares.toString()
  const mine = account.data?.pages[0]
  const held = mine ? wei(mine.shares) : undefined
  const problem = held !== undefined && shares > held ? 'That is more than you hold.' : null
  const off = !wallet.ready || !fresh || held === undefined || problem !== null || isBusy(state)

  const leave = async (which: typeof way) => {
    if (!fresh) return
    setWay(which)
    const me = wallet.address
    const deadline = deadlineAt(now, config.clockFactor)
    const ok = await (which === 'instant'
      ? send({
          address: at,
          abi: basketAbi,
          functionName: 'redeemInstant',
          args: [shares, atLeast(wei(quote.data.instant.coins)), me, deadline],
        })
      : which === 'kind'
        ? send({ address: at, abi: basketAbi, functionName: 'redeemInKind', args: [shares, me] })
        : send({ address: queue, abi: queueAbi, functionName: 'requestRedeem', args: [shares, me, me] }))
    if (ok) setText('')
  }
  const button = (which: typeof way, words: string, available: boolean) =>
    wallet.connected ? (
      <Button
        wide
        look={which === 'epoch' ? 'primary' : 'quiet'}
        disabled={off || !available}
        onClick={() => void leave(which)}
        data-testid={`leave-${which}`}
      >
        {way === which ? txLabel(state, words) : words}
      </Button>
    ) : null
  const done = {
    instant: `The ${config.nativeSymbol} is in your wallet.`,
    kind: 'What could be delivered is in your wallet; what could not is listed below.',
    epoch: 'Your request is listed below. Until its epoch closes you can take it back.',
  }
  return (
    <div className="space-y-4">
      <Card title="Leave">
        <AmountField
          label="You give back"
          unit={symbol}
          text={text}
          onText={(value) => {
            setText(value)
            if (!isBusy(state)) reset()
          }}
          balance={held === undefined ? undefined : { label: 'You hold', value: held, max: held }}
          problem={problem}
          testId="basket-out-amount"
        />
        <p className="text-sm text-ink-soft" data-testid="basket-out-worth">
          {fresh ? (
            <>
              Worth at least <Coin value={wei(quote.data.worthLow)} />
              {quote.data.worthHigh !== null && (
                <>
                  {', at most '}
                  <Coin value={wei(quote.data.worthHigh)} />
                </>
              )}
              {quote.data.state !== 'sound' && ', as far as prices in doubt tell'}.
            </>
          ) : (
            'Enter an amount to see what each way pays and when.'
          )}
        </p>
        {!wallet.connected && (
          <div className="mt-4">
            <ConnectButton wide label="Connect a wallet to leave" />
          </div>
        )}
        <div className="mt-3 space-y-3 empty:hidden" data-testid="basket-out-status">
          {quote.error && shares > 0n && <Failure error={quote.error} retry={() => quote.refetch()} />}
          {account.error && wallet.connected && <Failure error={account.error} retry={() => account.refetch()} />}
          <TxStatus state={state} done={done[way]} />
        </div>
      </Card>
      <Loaded query={basket} rows={5}>
        {(summary) => (
          <Ways
            quote={fresh ? quote.data : undefined}
            basket={summary}
            act={{
              instant: button('instant', 'Leave at once', fresh && quote.data.instant.available),
              kind: button('kind', 'Leave in kind', true),
              epoch: button('epoch', 'Join the epoch', fresh && quote.data.epoch.takesRequests),
            }}
          />
        )}
      </Loaded>
    </div>
  )
}
