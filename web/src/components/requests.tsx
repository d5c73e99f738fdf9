import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Address } from 'viem'
import { useConfig } from 'wagmi'
import { readContract } from 'wagmi/actions'
import { requestsQuery, statusQuery } from '../api/queries'
import type { ExitRequest, RequestState } from '../api/types'
import { minterAbi, receiptsAbi } from '../generated/abi'
import { useAppConfig, useLiquid } from '../chain/app-config'
import { useChainNow } from '../chain/use-clock'
import { isBusy, useTx } from '../chain/use-tx'
import { feeOf, formatBps, shareBps, wei } from '../lib/amount'
import { readAddress } from '../lib/text'
import { formatAgo, formatDate, formatRealWait } from '../lib/time'
import { AddressField } from './address-field'
import { TxStatus, txLabel } from './tx-status'
import { Badge, Button, Card, ChainLink, Coin, Empty, Loaded, Lst, MoreButton, Progress, When } from './ui'
import { useReadyWallet } from './wallet'

const STATES: Record<RequestState, { words: string; tone: 'neutral' | 'good' | 'info' | 'accent' }> = {
  open: { words: 'Can be cancelled', tone: 'info' },
  waiting: { words: 'In line', tone: 'neutral' },
  partial: { words: 'Partly funded', tone: 'accent' },
  ready: { words: 'Ready to claim', tone: 'good' },
  claimed: { words: 'Paid out', tone: 'neutral' },
  cancelled: { words: 'Cancelled', tone: 'neutral' },
}

export const isFinished = (request: ExitRequest) => request.state === 'claimed' || request.state === 'cancelled'

/** Seq within the rung; ids are rung and seq in one number, which nobody can read. */
const nameOf = (request: ExitRequest) => `Request ${request.rung}-${request.seq}`

function PromisedTime({ request, now }: { request: ExitRequest; now: number }) {
  const { accelerated, clockFactor } = useAppConfig()
  if (request.state === 'open') {
    return (
      <>
        <dt className="text-ink-soft">Claimable by, as things stand</dt>
        <dd className="font-medium">
          <When at={request.promisedAt} now={now} />
          <span className="block text-xs font-normal text-ink-faint">
            Becomes a promise when rung {request.rung} closes
          </span>
        </dd>
      </>
    )
  }
  if (request.state === 'ready') {
    return (
      <>
        <dt className="text-ink-soft">Funded in full</dt>
        <dd className="font-medium">
          {request.promisedAt === null ? 'Claim at any time' : `Promised by ${formatDate(request.promisedAt, now)}`}
          <span className="block text-xs font-normal text-ink-faint">A claim never expires</span>
        </dd>
      </>
    )
  }
  const real =
    request.promisedAt === null ? null : formatRealWait(request.promisedAt, now, accelerated ? clockFactor : 1)
  return (
    <>
      <dt className="text-ink-soft">Promised by</dt>
      <dd className="flex flex-wrap items-center gap-2 font-medium">
        <When at={request.promisedAt} now={now} />
        {request.revised && <Badge tone="warn">Revised</Badge>}
        {real && <span className="basis-full text-xs font-normal text-ink-faint">{real}</span>}
      </dd>
    </>
  )
}

/** To whom a receipt goes. Whoever holds it then owns the exit. */
function TransferReceipt({ receipt, busy, onSend }: { receipt: string; busy: boolean; onSend: (to: Address) => void }) {
  const [text, setText] = useState('')
  const to = readAddress(text)
  return (
    <details className="text-sm">
      <summary className="min-h-6 text-accent">Give or sell this receipt</summary>
      <div className="mt-3 flex flex-wrap items-start gap-x-3">
        <AddressField
          label="Its next owner. The exit goes along; a buyer’s coins do not come by this page."
          text={text}
          onText={setText}
          testId={`transfer-to-${receipt}`}
        />
        <Button
          look="quiet"
          className="sm:mt-[1.9rem]"
          disabled={busy || !to}
          onClick={() => to && onSend(to)}
          data-testid={`transfer-${receipt}`}
        >
          Transfer
        </Button>
      </div>
    </details>
  )
}

function Actions({ request, onAct }: { request: ExitRequest; onAct: () => void }) {
  const config = useAppConfig()
  const wagmi = useConfig()
  const wallet = useReadyWallet()
  const { state, send } = useTx()
  const [done, setDone] = useState('')
  const id = BigInt(request.id)
  const claimable = wei(request.claimable)
  const { minter, receipts } = useLiquid()
  const receipt = request.receipt === null ? null : BigInt(request.receipt)

  const act = (words: string) => {
    onAct()
    setDone(words)
  }
  const cancel = () => {
    act('The request is taken back; its tokens are in your wallet.')
    return send({ address: minter, abi: minterAbi, functionName: 'cancel', args: [id] })
  }
  const claim = async () => {
    act('The coins are in your wallet.')
    // The hints only save gas, and the line moves: ask the chain, and fall back to what the service last knew.
    let [a, b] = [BigInt(request.hints?.[0] ?? 0), BigInt(request.hints?.[1] ?? 0)]
    try {
      const [hintsA, hintsB] = await readContract(wagmi, {
        address: minter,
        abi: minterAbi,
        functionName: 'findHints',
        args: [[id]],
        chainId: config.chainId,
      })
      a = hintsA[0] ?? a
      b = hintsB[0] ?? b
    } catch {
      // The endpoint is away: the simulation before signing tells whether the old hints still hold.
    }
    await (receipt !== null && receipts
      ? send({ address: receipts, abi: receiptsAbi, functionName: 'claim', args: [receipt, a, b, wallet.address] })
      : send({ address: minter, abi: minterAbi, functionName: 'claim', args: [id, a, b] }))
  }
  const mint = () => {
    act('The request is a receipt now, an ERC-721 token in your wallet. Whoever owns it owns the exit.')
    return send({ address: minter, abi: minterAbi, functionName: 'mintReceipt', args: [id] })
  }
  const unwrap = () => {
    act('The receipt is gone, and the request is your own again.')
    return receipts && send({ address: receipts, abi: receiptsAbi, functionName: 'unwrap', args: [receipt] })
  }
  const transfer = (to: Address) => {
    act('The receipt has a new owner, and the exit with it.')
    return (
      receipts &&
      send({
        address: receipts,
        abi: receiptsAbi,
        functionName: 'safeTransferFrom',
        args: [wallet.address, to, receipt],
      })
    )
  }

  const busy = isBusy(state)
  const off = !wallet.ready || busy
  return (
    <div className="mt-4 space-y-3">
      <div className="flex flex-wrap gap-3">
        {claimable > 0n && (
          <Button disabled={off} onClick={() => void claim()} data-testid={`claim-${request.id}`}>
            {txLabel(state, wallet.ready ? 'Claim' : 'Switch network to claim')}
          </Button>
        )}
        {request.state === 'open' && receipt === null && (
          <Button look="quiet" disabled={off} onClick={() => void cancel()} data-testid={`cancel-${request.id}`}>
            {txLabel(state, wallet.ready ? 'Cancel request' : 'Switch network to cancel')}
          </Button>
        )}
        {receipts && !isFinished(request) && receipt === null && (
          <Button look="quiet" disabled={off} onClick={() => void mint()} data-testid={`mint-${request.id}`}>
            {txLabel(state, 'Make it a receipt')}
          </Button>
        )}
        {receipt !== null && (
          <Button look="quiet" disabled={off} onClick={() => void unwrap()} data-testid={`unwrap-${request.id}`}>
            {txLabel(state, 'Back to a plain request')}
          </Button>
        )}
      </div>
      {request.receipt !== null && (
        <TransferReceipt receipt={request.receipt} busy={off} onSend={(to) => void transfer(to)} />
      )}
      <TxStatus state={state} done={done} />
    </div>
  )
}

function RequestItem({
  request,
  now,
  mine,
  kept = false,
  onAct,
}: {
  request: ExitRequest
  now: number
  mine: boolean
  /** Acted on in this visit: it stays where it is, so that the outcome can be read. */
  kept?: boolean
  onAct: () => void
}) {
  const value = wei(request.value)
  const net = value - feeOf(value, request.feeBps)
  const claimable = wei(request.claimable)
  const paid = wei(request.paid)
  // What was paid is told with its fee, what is claimable without.
  const funded = claimable + paid - feeOf(paid, request.feeBps)
  const share = request.state === 'ready' || request.state === 'claimed' ? 10_000 : shareBps(funded, net)
  const shown = STATES[request.state]
  const over = isFinished(request)
  return (
    <li className="py-5 first:pt-0 last:pb-0" data-testid={`request-${request.id}`} data-state={request.state}>
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1">
        <div>
          <h3 className="text-lg font-semibold tracking-tight">
            <Lst value={wei(request.lst)} />
          </h3>
          <p className="text-xs text-ink-faint">
            {nameOf(request)} · asked {formatAgo(request.requestedAt, now)}
            {request.txHash && (
              <>
                {' · '}
                <ChainLink kind="tx" value={request.txHash} label="transaction" />
              </>
            )}
          </p>
        </div>
        <span className="flex flex-wrap gap-2">
          {request.receipt !== null && <Badge tone="accent">Receipt</Badge>}
          <Badge tone={shown.tone}>{shown.words}</Badge>
        </span>
      </div>
      {request.state !== 'cancelled' && request.state !== 'open' && (
        <div className="mt-3">
          <Progress bps={share} label={`${nameOf(request)}: funded`} />
          <p className="mt-1 text-xs text-ink-soft">
            {formatBps(share - (share % 10))} funded
            {request.state === 'partial' && ` · everybody in rung ${request.rung} gets the same share`}
          </p>
        </div>
      )}
      <dl className="mt-3 grid grid-cols-2 gap-x-6 gap-y-3 text-sm lg:grid-cols-4 [&>div>dd]:mt-0.5">
        {!over && (
          <div className="col-span-2 lg:col-span-1">
            <PromisedTime request={request} now={now} />
          </div>
        )}
        {!over && (
          <div>
            <dt className="text-ink-soft">Ahead in the line</dt>
            <dd className="font-medium">
              {wei(request.position) === 0n ? 'Nobody' : <Lst value={wei(request.position)} />}
              <span className="block text-xs font-normal text-ink-faint">Rung {request.rung}</span>
            </dd>
          </div>
        )}
        {!over && (
          <div>
            <dt className="text-ink-soft">Worth, after the {formatBps(request.feeBps)} fee</dt>
            <dd className="font-medium">
              <Coin value={net} />
            </dd>
          </div>
        )}
        {claimable > 0n && (
          <div>
            <dt className="text-ink-soft">Claimable now</dt>
            <dd className="font-medium">
              <Coin value={claimable} />
            </dd>
          </div>
        )}
        {paid > 0n && (
          <div className="col-span-2 lg:col-span-1">
            <dt className="text-ink-soft">
              {over ? 'Paid out' : 'Paid before'}, {formatBps(request.feeBps)} fee included
            </dt>
            <dd className="font-medium">
              <Coin value={paid} />
            </dd>
          </div>
        )}
      </dl>
      {mine && (kept || !over) && <Actions request={request} onAct={onAct} />}
    </li>
  )
}

/** Everything that one holder waits for, newest first; what is over is folded away. */
export function Requests({ address, mine, title = 'My requests' }: { address: string; mine: boolean; title?: string }) {
  const query = useInfiniteQuery(requestsQuery(address))
  const now = useChainNow()
  const status = useQuery(statusQuery)
  const indexing = status.data?.indexed === null
  const [acted, setActed] = useState<ReadonlySet<string>>(new Set())
  const act = (id: string) => setActed((before) => new Set(before).add(id))
  return (
    <Card title={title}>
      <Loaded query={query}>
        {({ pages }) => {
          const all = pages.flatMap((page) => page.items)
          const running = all.filter((request) => !isFinished(request) || acted.has(request.id))
          const finished = all.filter((request) => isFinished(request) && !acted.has(request.id))
          return (
            <>
              {running.length === 0 ? (
                <Empty>
                  {indexing
                    ? 'The index is still starting. Requests appear here once it has caught up; nothing is lost.'
                    : finished.length
                      ? 'Nothing is waiting.'
                      : 'No exit requests. What you queue appears here.'}
                </Empty>
              ) : (
                <ul className="divide-y divide-line">
                  {running.map((request) => (
                    <RequestItem
                      key={request.id}
                      request={request}
                      now={now}
                      mine={mine}
                      kept={acted.has(request.id)}
                      onAct={() => act(request.id)}
                    />
                  ))}
                </ul>
              )}
              {finished.length > 0 && (
                <details className="mt-4 border-t border-line pt-4">
                  <summary className="text-sm font-medium text-ink-soft">Finished ({finished.length})</summary>
                  <ul className="mt-4 divide-y divide-line">
                    {finished.map((request) => (
                      <RequestItem
                        key={request.id}
                        request={request}
                        now={now}
                        mine={mine}
                        kept={acted.has(request.id)}
                        onAct={() => act(request.id)}
                      />
                    ))}
                  </ul>
                </details>
              )}
              <MoreButton query={query} />
            </>
          )
        }}
      </Loaded>
    </Card>
  )
}
