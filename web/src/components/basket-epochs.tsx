import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Abi, Address } from 'viem'
import { basketAccountQuery, basketReceiptsQuery, epochQuery, epochsQuery } from '../api/queries'
import type {
  BasketAccount,
  BasketEpoch,
  BasketPosition,
  BasketReceipt,
  EpochState,
  PositionLeg,
  PositionState,
  WaitingLeg,
} from '../api/types'
import { basketAbi, basketReceiptsAbi, queueAbi } from '../generated/abi'
import { useAppConfig, useBasket } from '../chain/app-config'
import { useChainNow } from '../chain/use-clock'
import { isBusy, useTx } from '../chain/use-tx'
import { formatCount, wei } from '../lib/amount'
import { legWords, maskOf, type LegNow } from '../lib/basket'
import { readAddress, shortAddress } from '../lib/text'
import { formatAgo, formatDate, formatRealWait } from '../lib/time'
import { AddressField } from './address-field'
import { BasketShares, fillOf, LegAmount, useSleeveName } from './basket-units'
import { TxStatus, txLabel } from './tx-status'
import { Badge, Button, Card, ChainLink, Empty, Failure, Loaded, MoreButton, Notice, When } from './ui'
import { useReadyWallet } from './wallet'

const STATES: Record<EpochState, { words: string; tone: 'neutral' | 'good' | 'info' | 'warn' }> = {
  open: { words: 'Open', tone: 'info' },
  due: { words: 'Close is due', tone: 'warn' },
  closed: { words: 'On its way', tone: 'neutral' },
  settled: { words: 'All legs are back', tone: 'good' },
}

/** Steps that anybody may take when they are due: the keepers do, and so may the reader. */
function Chore({
  words,
  done,
  functionName,
  args,
  testId,
}: {
  words: string
  done: string
  functionName: 'closeEpoch' | 'startLeg' | 'collect'
  args: readonly unknown[]
  testId: string
}) {
  const { queue } = useBasket()
  const wallet = useReadyWallet()
  const { state, send } = useTx()
  if (!wallet.connected) return null
  return (
    <div className="space-y-2">
      <Button
        look="plain"
        disabled={!wallet.ready || isBusy(state)}
        onClick={() => void send({ address: queue, abi: queueAbi, functionName, args })}
        data-testid={testId}
      >
        {txLabel(state, words)}
      </Button>
      <TxStatus state={state} done={done} />
    </div>
  )
}

/** What a leg of one's own did so far: paid, to be paid, and what it waits for. */
function LegRow({
  leg,
  now: its,
  epoch,
  known,
}: {
  leg: PositionLeg
  now: LegNow
  epoch: number
  known: BasketEpoch | undefined
}) {
  const now = useChainNow()
  const name = useSleeveName()
  const words = legWords(its)
  const whole = known?.legs.find((each) => each.sleeve === leg.sleeve)
  const due = whole?.ticket?.dueAt ?? null
  return (
    <li className="py-3 text-sm first:pt-0 last:pb-0" data-testid={`leg-${epoch}-${leg.sleeve}`} data-state={leg.state}>
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <span className="flex items-center gap-2 font-medium">
          <span aria-hidden="true" className="size-2.5 rounded-sm" style={{ background: fillOf(leg.sleeve) }} />
          {name(leg.sleeve)}
        </span>
        <Badge tone={words.tone}>{words.words}</Badge>
      </div>
      <div className="mt-1 flex flex-wrap gap-x-4 gap-y-0.5 text-ink-soft">
        {its.claimable > 0n && (
          <span>
            <LegAmount sleeve={leg.sleeve} asset={leg.asset} value={its.claimable} /> to claim
          </span>
        )}
        {its.paid > 0n && (
          <span>
            <LegAmount sleeve={leg.sleeve} asset={leg.asset} value={its.paid} /> paid of{' '}
            <LegAmount sleeve={leg.sleeve} asset={leg.asset} value={its.paid + its.claimable} /> that came so far
          </span>
        )}
        {leg.state === 'waiting' && <span>Shares gains and losses with those who stay until it starts.</span>}
        {leg.state === 'out' &&
          (due === null ? (
            <span>Its system has not paid yet.</span>
          ) : (
            <span>
              Its system pays from <When at={due} now={now} />
            </span>
          ))}
      </div>
      {leg.state === 'waiting' && (
        <Chore
          words="Start it now"
          done="The leg is on its way."
          functionName="startLeg"
          args={[BigInt(epoch), BigInt(leg.sleeve)]}
          testId={`start-${epoch}-${leg.sleeve}`}
        />
      )}
      {leg.state === 'out' && (due === null || due <= now) && (
        <Chore
          words="Collect what came"
          done="What came of it can be claimed."
          functionName="collect"
          args={[BigInt(epoch), BigInt(leg.sleeve)]}
          testId={`collect-${epoch}-${leg.sleeve}`}
        />
      )}
    </li>
  )
}

/** One's own request, by itself or by a receipt: what both have in common. */
type Held = {
  epoch: number
  state: PositionState
  shares: bigint
  cancellable: boolean
  readyBy: number | null
  legs: { leg: PositionLeg; now: LegNow }[]
  /** The receipt's id; `null` while the position is the account's own. */
  receipt: string | null
  since: number
  txHash: string
}

const legsOf = (legs: readonly PositionLeg[], paid: readonly string[]) =>
  legs.map((leg) => ({
    leg,
    now: { state: leg.state, claimable: wei(leg.claimable), paid: wei(paid[leg.sleeve] ?? '0') },
  }))

const ownOf = (position: BasketPosition): Held => ({
  ...position,
  shares: wei(position.shares),
  legs: legsOf(position.legs, position.paid),
  receipt: null,
  since: position.requestedAt,
})

const byReceipt = (receipt: BasketReceipt): Held => ({
  ...receipt,
  shares: wei(receipt.shares),
  cancellable: false,
  legs: legsOf(receipt.legs, receipt.paid),
  receipt: receipt.id,
  since: receipt.mintedAt,
})

const POSITION: Record<PositionState, { words: string; tone: 'neutral' | 'good' | 'info' }> = {
  open: { words: 'Open', tone: 'info' },
  waiting: { words: 'On its way', tone: 'neutral' },
  claimable: { words: 'Ready to claim', tone: 'good' },
  claimed: { words: 'Paid out', tone: 'neutral' },
  cancelled: { words: 'Taken back', tone: 'neutral' },
}

const isEnded = ({ state }: Held) => state === 'claimed' || state === 'cancelled'
const keyOf = (held: Held) => `${held.epoch}-${held.receipt ?? ''}`

function PositionActions({ held, onAct }: { held: Held; onAct: () => void }) {
  const { queue, receipts } = useBasket()
  const wallet = useReadyWallet()
  const { state, send } = useTx()
  const [done, setDone] = useState('')
  const [text, setText] = useState('')
  const [giveText, setGiveText] = useState('')
  const other = text.trim() === '' ? wallet.address : (readAddress(text) ?? undefined)
  const next = readAddress(giveText)
  const epoch = BigInt(held.epoch)
  const receipt = held.receipt === null ? null : BigInt(held.receipt)
  const ready = held.legs.filter(({ now }) => now.claimable > 0n).map(({ leg }) => leg.sleeve)
  const off = !wallet.ready || isBusy(state)
  const act = (words: string, address: Address, abi: Abi, functionName: string, args: readonly unknown[]) => {
    onAct()
    setDone(words)
    void send({ address, abi, functionName, args })
  }
  const claim = () => {
    const words =
      other === wallet.address ? 'What came is in your wallet.' : `What came was paid to ${shortAddress(other ?? '')}.`
    if (receipt === null) act(words, queue, queueAbi, 'claim', [epoch, wallet.address, maskOf(ready), other])
    else act(words, receipts, basketReceiptsAbi, 'claim', [receipt, maskOf(ready), other])
  }
  // A receipt beside a request of the same epoch has buttons of its own.
  const id = receipt === null ? held.epoch : `r${receipt & ((1n << 128n) - 1n)}`
  return (
    <div className="mt-4 space-y-3">
      <div className="flex flex-wrap items-center gap-3">
        {ready.length > 0 && (
          <Button disabled={off || !other} onClick={claim} data-testid={`basket-claim-${id}`}>
            {txLabel(state, wallet.ready ? 'Claim' : 'Switch network to claim')}
          </Button>
        )}
        {held.cancellable && receipt === null && (
          <Button
            look="quiet"
            disabled={off}
            onClick={() =>
              act('The request is taken back; its shares are in your wallet.', queue, queueAbi, 'cancel', [
                epoch,
                held.shares,
                wallet.address,
                wallet.address,
              ])
            }
            data-testid={`basket-cancel-${id}`}
          >
            {txLabel(state, wallet.ready ? 'Cancel request' : 'Switch network to cancel')}
          </Button>
        )}
        {receipt === null && !isEnded(held) && (
          <Button
            look="quiet"
            disabled={off}
            onClick={() =>
              act(
                'The request is a receipt now, an ERC-721 token in your wallet. Whoever owns it owns what comes.',
                queue,
                queueAbi,
                'mintReceipt',
                [epoch],
              )
            }
            data-testid={`basket-wrap-${id}`}
          >
            {txLabel(state, 'Make it a receipt')}
          </Button>
        )}
        {receipt !== null && !isEnded(held) && (
          <Button
            look="quiet"
            disabled={off}
            onClick={() =>
              act('The receipt is gone, and the request is your own again.', receipts, basketReceiptsAbi, 'unwrap', [
                receipt,
              ])
            }
            data-testid={`basket-unwrap-${id}`}
          >
            {txLabel(state, 'Back to a plain request')}
          </Button>
        )}
      </div>
      {ready.length > 0 && (
        <details className="text-sm">
          <summary className="min-h-6 text-accent">Pay it to another address</summary>
          <div className="mt-3">
            <AddressField
              label="Who gets what this claim pays. Empty: you."
              text={text}
              onText={setText}
              testId={`basket-claim-to-${id}`}
            />
          </div>
        </details>
      )}
      {receipt !== null && !isEnded(held) && (
        <details className="text-sm">
          <summary className="min-h-6 text-accent">Give or sell this receipt</summary>
          <div className="mt-3 flex flex-wrap items-start gap-x-3">
            <AddressField
              label="Its next owner. What comes goes along; a buyer’s coins do not come by this page."
              text={giveText}
              onText={setGiveText}
              testId={`basket-give-to-${id}`}
            />
            <Button
              look="quiet"
              className="sm:mt-[1.9rem]"
              disabled={off || !next}
              onClick={() =>
                next &&
                act('The receipt has a new owner.', receipts, basketReceiptsAbi, 'safeTransferFrom', [
                  wallet.address,
                  next,
                  receipt,
                ])
              }
              data-testid={`basket-give-${id}`}
            >
              Transfer
            </Button>
          </div>
        </details>
      )}
      <TxStatus state={state} done={done} />
    </div>
  )
}

function PositionItem({
  held,
  mine,
  kept,
  onAct,
}: {
  held: Held
  mine: boolean
  /** Acted on in this visit: it stays where it is, so that the outcome can be read. */
  kept: boolean
  onAct: () => void
}) {
  const { accelerated, clockFactor } = useAppConfig()
  const now = useChainNow()
  const over = isEnded(held)
  const epoch = useQuery({ ...epochQuery(held.epoch), enabled: !over })
  const real = held.readyBy === null ? null : formatRealWait(held.readyBy, now, accelerated ? clockFactor : 1)
  const due = held.state === 'open' && epoch.data?.state === 'due'
  const shown = POSITION[held.state]
  return (
    <li
      className="py-5 first:pt-0 last:pb-0"
      data-testid={held.receipt === null ? `position-${held.epoch}` : `receipt-${held.epoch}`}
      data-state={held.state}
    >
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1">
        <div>
          <h3 className="text-lg font-semibold tracking-tight">
            <BasketShares value={held.shares} />
          </h3>
          <p className="text-xs text-ink-faint">
            Epoch {held.epoch} · {held.receipt === null ? 'asked' : 'made a receipt'} {formatAgo(held.since, now)} ·{' '}
            <ChainLink kind="tx" value={held.txHash} label="transaction" />
          </p>
        </div>
        <span className="flex flex-wrap gap-2">
          {held.receipt !== null && <Badge tone="accent">Receipt</Badge>}
          {due ? <Badge tone="warn">Close is due</Badge> : <Badge tone={shown.tone}>{shown.words}</Badge>}
        </span>
      </div>
      {held.readyBy !== null && !over && (
        <p className="mt-3 text-sm">
          <span className="text-ink-soft">The slowest asset is back at the latest </span>
          <span className="font-medium">
            <When at={held.readyBy} now={now} />
          </span>
          {real && <span className="block text-xs text-ink-faint">{real}</span>}
        </p>
      )}
      {held.state === 'open' && !due && (
        <p className="mt-1 text-sm text-ink-soft">
          Your shares earn until the epoch closes at dawn (00:00 UTC).{' '}
          {held.cancellable
            ? 'Until 23:00 UTC you can cancel.'
            : held.receipt === null
              ? 'Cancels are closed until then.'
              : 'To cancel, make it a plain request again.'}
        </p>
      )}
      {due && (
        <div className="mt-2">
          <Notice tone="warn" title="The epoch’s close is due">
            The keepers do it, and anybody may.
            <Chore
              words="Close the epoch"
              done="The epoch is closed; its legs can start."
              functionName="closeEpoch"
              args={[]}
              testId={`close-${held.epoch}`}
            />
          </Notice>
        </div>
      )}
      {held.legs.length > 0 && !over && (
        <ul className="mt-4 divide-y divide-line rounded-control bg-sunken px-4 py-3">
          {held.legs.map(({ leg, now: its }) => (
            <LegRow key={leg.sleeve} leg={leg} now={its} epoch={held.epoch} known={epoch.data} />
          ))}
        </ul>
      )}
      {mine && (kept || !over) && <PositionActions held={held} onAct={onAct} />}
    </li>
  )
}

/** Legs of exits in kind that could not be delivered: anybody may try again. */
function Waiting({ account, mine }: { account: BasketAccount; mine: boolean }) {
  const { basket } = useBasket()
  const wallet = useReadyWallet()
  const now = useChainNow()
  const name = useSleeveName()
  const { state, send } = useTx()
  const [done, setDone] = useState('')
  const [text, setText] = useState('')
  const to = readAddress(text)
  const off = !wallet.ready || isBusy(state)
  if (account.waiting.length === 0) return null
  const deliver = (leg: WaitingLeg) => {
    setDone(`The ${name(leg.sleeve)} is paid.`)
    return send({
      address: basket,
      abi: basketAbi,
      functionName: 'deliverLeg',
      args: [account.address, BigInt(leg.sleeve)],
    })
  }
  return (
    <div className="mb-5 border-b border-line pb-5" data-testid="waiting-legs">
      <h3 className="font-semibold">Waiting from an exit in kind</h3>
      <p className="mt-1 text-sm text-ink-soft">
        These could not be delivered. They share gains and losses until they are.
      </p>
      <ul className="mt-3 divide-y divide-line">
        {account.waiting.map((leg) => (
          <li key={leg.sleeve} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 py-3">
            <span className="font-medium">
              <LegAmount sleeve={leg.sleeve} asset={leg.asset} value={wei(leg.units)} />
              <span className="block text-xs font-normal text-ink-faint">
                goes to <ChainLink kind="address" value={leg.recipient} />
                {leg.since !== null && ` · waits since ${formatDate(leg.since, now)}`}
              </span>
            </span>
            {wallet.connected && (
              <Button
                look="quiet"
                disabled={off}
                onClick={() => void deliver(leg)}
                data-testid={`deliver-${leg.sleeve}`}
              >
                {txLabel(state, 'Try again')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {mine && (
        <details className="mt-2 text-sm">
          <summary className="min-h-6 text-accent">Send them elsewhere</summary>
          <div className="mt-3 flex flex-wrap items-start gap-x-3">
            <AddressField label="Where your waiting assets go" text={text} onText={setText} testId="leg-recipient" />
            <Button
              look="quiet"
              className="sm:mt-[1.9rem]"
              disabled={off || !to}
              onClick={() => {
                setDone('Your waiting assets go there from now on.')
                void send({ address: basket, abi: basketAbi, functionName: 'setLegRecipient', args: [to] })
              }}
              data-testid="leg-recipient-set"
            >
              Set
            </Button>
          </div>
        </details>
      )}
      <div className="mt-3 empty:hidden">
        <TxStatus state={state} done={done} />
      </div>
    </div>
  )
}

/** Everything that one holder has waiting in the basket's queue, newest first; what is over is folded away. */
export function Positions({
  address,
  mine,
  title = 'My requests',
}: {
  address: string
  mine: boolean
  title?: string
}) {
  const query = useInfiniteQuery(basketAccountQuery(address))
  const receipts = useInfiniteQuery(basketReceiptsQuery(address))
  const [acted, setActed] = useState<ReadonlySet<string>>(new Set())
  return (
    <Card title={title}>
      <Loaded query={query}>
        {({ pages }) => {
          const bought = receipts.data?.pages.flatMap((page) => page.items) ?? []
          const all = [
            ...pages.flatMap((page) => page.positions.items).map(ownOf),
            // What a claim left lives on under the next id, and is listed with it.
            ...bought.filter((receipt) => receipt.receiptState === 'live').map(byReceipt),
          ].sort((a, b) => b.epoch - a.epoch)
          const running = all.filter((held) => !isEnded(held) || acted.has(keyOf(held)))
          const over = all.filter((held) => !running.includes(held))
          const item = (held: Held) => (
            <PositionItem
              key={keyOf(held)}
              held={held}
              mine={mine}
              kept={acted.has(keyOf(held))}
              onAct={() => setActed((before) => new Set(before).add(keyOf(held)))}
            />
          )
          return (
            <>
              {pages[0] && <Waiting account={pages[0]} mine={mine} />}
              {receipts.error && !receipts.data && <Failure error={receipts.error} retry={() => receipts.refetch()} />}
              {running.length === 0 ? (
                <Empty>
                  {over.length > 0 ? 'Nothing is waiting.' : 'No requests. What joins an epoch appears here.'}
                </Empty>
              ) : (
                <ul className="divide-y divide-line">{running.map(item)}</ul>
              )}
              {over.length > 0 && (
                <details className="mt-4 border-t border-line pt-4">
                  <summary className="text-sm font-medium text-ink-soft">Finished ({over.length})</summary>
                  <ul className="mt-4 divide-y divide-line">{over.map(item)}</ul>
                </details>
              )}
              <MoreButton query={query} />
              <MoreButton query={receipts} />
            </>
          )
        }}
      </Loaded>
    </Card>
  )
}

const LEG = { waiting: 'waits to start', out: 'on its way', done: 'back' } as const

function EpochRow({ epoch }: { epoch: BasketEpoch }) {
  const now = useChainNow()
  const name = useSleeveName()
  const shown = STATES[epoch.state]
  return (
    <li className="py-3.5 text-sm first:pt-0 last:pb-0" data-testid={`epoch-${epoch.id}`} data-state={epoch.state}>
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <span>
          <span className="num font-medium">Epoch {epoch.id}</span>{' '}
          <span className="text-ink-soft">
            · <BasketShares value={wei(epoch.shares)} /> in {formatCount(epoch.requests)} request
            {epoch.requests === 1 ? '' : 's'}
          </span>
        </span>
        <Badge tone={shown.tone}>{shown.words}</Badge>
      </div>
      <p className="mt-0.5 text-ink-soft">
        {epoch.closedAt !== null
          ? `Closed ${formatDate(epoch.closedAt, now)}`
          : epoch.dueAt !== null && (
              <>
                Closes <When at={epoch.dueAt} now={now} />
              </>
            )}
        {epoch.readyBy !== null && (
          <>
            {' · all back at the latest '}
            <When at={epoch.readyBy} now={now} />
          </>
        )}
      </p>
      {epoch.legs.length > 0 && (
        <ul className="mt-1.5 flex flex-wrap gap-x-4 gap-y-1 text-xs text-ink-soft">
          {epoch.legs.map((leg) => (
            <li key={leg.sleeve} className="flex items-center gap-1.5">
              <span aria-hidden="true" className="size-2 rounded-sm" style={{ background: fillOf(leg.sleeve) }} />
              {name(leg.sleeve)} {LEG[leg.state]}
              {wei(leg.recovered) > 0n && (
                <>
                  , <LegAmount sleeve={leg.sleeve} asset={leg.asset} value={wei(leg.recovered)} />
                </>
              )}
            </li>
          ))}
        </ul>
      )}
      {epoch.state === 'due' && (
        <Chore
          words="Close the epoch"
          done="The epoch is closed; its legs can start."
          functionName="closeEpoch"
          args={[]}
          testId={`close-epoch-${epoch.id}`}
        />
      )}
    </li>
  )
}

/** All epochs, newest first. */
export function EpochsCard() {
  const query = useInfiniteQuery(epochsQuery)
  return (
    <Card title="Epochs" aside="everybody’s exits without a price">
      <Loaded query={query}>
        {({ pages }) => {
          const epochs = pages.flatMap((page) => page.items)
          if (epochs.length === 0) return <Empty>Nobody has asked to leave yet.</Empty>
          return (
            <>
              <ul className="divide-y divide-line">
                {epochs.map((epoch) => (
                  <EpochRow key={epoch.id} epoch={epoch} />
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
