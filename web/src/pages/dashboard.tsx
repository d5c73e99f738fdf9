import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { isAddress } from 'viem'
import { call } from '../api/client'
import { accountQuery, historyQuery, payoutsQuery, statusQuery } from '../api/queries'
import type { Account, HistoryItem, HistoryKind, Page } from '../api/types'
import { minterAbi } from '../generated/abi'
import { useAppConfig, useLiquid } from '../chain/app-config'
import { useChainNow } from '../chain/use-clock'
import { isBusy, useTx } from '../chain/use-tx'
import { AddressField } from '../components/address-field'
import { BasketHolding } from '../components/basket-holding'
import { Requests } from '../components/requests'
import { TxStatus, txLabel } from '../components/tx-status'
import {
  Badge,
  Button,
  Card,
  ChainLink,
  Coin,
  Empty,
  Loaded,
  Lst,
  MoreButton,
  Notice,
  PageHead,
  Stat,
} from '../components/ui'
import { VaultHolding } from '../components/vault'
import { ConnectButton, useReadyWallet } from '../components/wallet'
import { formatCount, toInput, wei } from '../lib/amount'
import { csvCell, readAddress } from '../lib/text'
import { formatDate } from '../lib/time'

const route = getRouteApi('/dashboard')

const KINDS: Record<HistoryKind, string> = {
  deposit: 'Deposit',
  instantExit: 'Instant exit',
  request: 'Queued exit',
  cancel: 'Exit cancelled',
  claim: 'Exit claimed',
  rewards: 'Rewards claimed',
  transferIn: 'Received',
  transferOut: 'Sent',
  poolExit: 'Sold to a pool',
  vaultDeposit: 'Into the vault',
  vaultWithdraw: 'Out of the vault',
  vaultRequest: 'Queued vault exit',
  vaultClaim: 'Vault exit claimed',
  receiptIn: 'Receipt received',
  receiptOut: 'Receipt given',
}

function Holdings({ account, mine }: { account: Account; mine: boolean }) {
  const config = useAppConfig()
  const { minter } = useLiquid()
  const wallet = useReadyWallet()
  const { state, send } = useTx()
  const rewards = wei(account.claimableRewards)
  const claim = () => send({ address: minter, abi: minterAbi, functionName: 'unstakeRewards', args: [] })
  return (
    <Card>
      <dl className="grid grid-cols-2 gap-x-4 gap-y-6 lg:grid-cols-4">
        <Stat
          label="Holds"
          note={
            <>
              worth <Coin value={wei(account.lstValue)} />
            </>
          }
        >
          <Lst value={wei(account.lstBalance)} />
        </Stat>
        <Stat
          label="Rewards to claim"
          note={
            <>
              claimed so far <Coin value={wei(account.claimedRewards)} />
            </>
          }
        >
          <Coin value={rewards} />
        </Stat>
        <Stat label="Deposited in all">
          <Coin value={wei(account.deposited)} />
        </Stat>
        <Stat label="Exit requests ever made">
          <span className="num">{formatCount(account.requests)}</span>
        </Stat>
      </dl>
      {mine && (
        <div className="mt-6 space-y-3 border-t border-line pt-5">
          <div className="flex flex-wrap gap-3">
            <Button
              disabled={!wallet.ready || rewards === 0n || isBusy(state)}
              onClick={() => void claim()}
              data-testid="claim-rewards"
            >
              {txLabel(state, rewards === 0n ? 'No rewards to claim yet' : 'Claim rewards')}
            </Button>
            <Link
              to="/exit"
              className="inline-flex min-h-10 items-center rounded-control px-4 text-sm font-medium ring-1 ring-line-strong hover:bg-sunken"
            >
              Exit
            </Link>
          </div>
          <TxStatus state={state} done={`The rewards are in your wallet, in ${config.nativeSymbol}, without a fee.`} />
        </div>
      )}
    </Card>
  )
}

/** Who may pay this account without being asked, and who claims for it. */
function PayoutsCard({ address, mine }: { address: string; mine: boolean }) {
  const { minter } = useLiquid()
  const wallet = useReadyWallet()
  const now = useChainNow()
  const query = useQuery(payoutsQuery(address))
  const { state, send } = useTx()
  const set = (on: boolean) => send({ address: minter, abi: minterAbi, functionName: 'setAutoPay', args: [on] })
  return (
    <Card title="Payouts">
      <Loaded query={query}>
        {(payouts) => (
          <div className="space-y-3 text-sm">
            <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-2">
              <p className="min-w-0 flex-1 basis-64 text-ink-soft">
                {payouts.autoPay
                  ? 'Keepers, or anybody, may pay a request that is funded in full straight to this account.'
                  : 'Nobody pays this account unasked: funded requests wait until it claims them.'}
                {payouts.autoPaySetAt === null && ' (It never said so; this is the default.)'}
              </p>
              {mine ? (
                <button
                  type="button"
                  role="switch"
                  aria-checked={payouts.autoPay}
                  disabled={!wallet.ready || isBusy(state)}
                  onClick={() => void set(!payouts.autoPay)}
                  data-testid="auto-pay"
                  className="inline-flex min-h-10 items-center gap-3 rounded-control px-3 font-medium ring-1 ring-line-strong hover:bg-sunken disabled:text-ink-soft"
                >
                  <span
                    aria-hidden="true"
                    className={`flex h-5 w-9 items-center rounded-full p-0.5 ${payouts.autoPay ? 'justify-end bg-accent' : 'bg-line-strong'}`}
                  >
                    <span className="size-4 rounded-full bg-surface" />
                  </span>
                  {txLabel(state, 'Pay me unasked')}
                </button>
              ) : (
                <Badge tone={payouts.autoPay ? 'good' : 'neutral'}>{payouts.autoPay ? 'On' : 'Off'}</Badge>
              )}
            </div>
            {payouts.delegate.delegate && (
              <p>
                Its rewards are claimed by <ChainLink kind="address" value={payouts.delegate.delegate} />
                {payouts.delegate.activeFrom !== null && ` since ${formatDate(payouts.delegate.activeFrom, now)}`}.
              </p>
            )}
            {payouts.delegate.proposed && (
              <Notice tone="warn" title="A delegate is announced">
                <ChainLink kind="address" value={payouts.delegate.proposed} /> is to claim what this account earns from
                then on. It may refuse.
              </Notice>
            )}
            <TxStatus
              state={state}
              done={payouts.autoPay ? 'Payouts are pushed to you from now on.' : 'You claim by yourself from now on.'}
            />
          </div>
        )}
      </Loaded>
    </Card>
  )
}

function Change({ item }: { item: HistoryItem }) {
  const coin = wei(item.amount)
  const lst = wei(item.lst)
  return (
    <>
      {coin > 0n && <Coin value={coin} className="block" />}
      {lst > 0n && <Lst value={lst} className={coin > 0n ? 'block text-xs text-ink-faint' : 'block'} />}
    </>
  )
}

/** All of it, not only what is on screen: walks the pages, then hands the file over. */
async function statement(address: string, units: { coin: string; lst: string }): Promise<string> {
  const rows = [
    ['time_utc', 'kind', `amount_${units.coin}`, `amount_${units.lst}`, 'block', 'transaction', 'counterparty']
      .map(csvCell)
      .join(','),
  ]
  let cursor: string | null = null
  do {
    const page: Page<HistoryItem> = await call<Page<HistoryItem>>(`/accounts/${address}/history`, {
      params: { limit: 200, cursor },
    })
    for (const item of page.items) {
      rows.push(
        [
          new Date(item.at * 1000).toISOString(),
          item.kind,
          toInput(wei(item.amount)),
          toInput(wei(item.lst)),
          item.block,
          item.txHash,
          item.counterparty,
        ]
          .map(csvCell)
          .join(','),
      )
    }
    cursor = page.nextCursor
  } while (cursor !== null)
  return `${rows.join('\r\n')}\r\n`
}

function StatementButton({ address }: { address: string }) {
  const { nativeSymbol, lstSymbol } = useAppConfig()
  const [phase, setPhase] = useState<'idle' | 'busy' | 'failed'>('idle')
  const save = async () => {
    setPhase('busy')
    try {
      const csv = await statement(address, { coin: nativeSymbol, lst: lstSymbol })
      const url = URL.createObjectURL(new Blob([csv], { type: 'text/csv;charset=utf-8' }))
      const link = document.createElement('a')
      link.href = url
      link.download = `omnibus-${address.slice(0, 10)}.csv`
      link.click()
      URL.revokeObjectURL(url)
      setPhase('idle')
    } catch {
      setPhase('failed')
    }
  }
  return (
    <Button look="plain" disabled={phase === 'busy'} onClick={() => void save()}>
      {phase === 'busy' ? 'Preparing…' : phase === 'failed' ? 'Failed, try again' : 'Download CSV'}
    </Button>
  )
}

function History({ address }: { address: string }) {
  const query = useInfiniteQuery(historyQuery(address))
  const status = useQuery(statusQuery)
  const now = useChainNow()
  return (
    <Card title="History" aside={<StatementButton address={address} />}>
      <Loaded query={query}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items)
          if (items.length === 0) {
            return (
              <Empty>
                {status.data?.indexed === null
                  ? 'The index is still starting. The history appears once it has caught up.'
                  : 'Nothing has happened here yet.'}
              </Empty>
            )
          }
          return (
            <>
              <table className="w-full text-sm">
                <thead className="text-left text-ink-soft">
                  <tr className="border-b border-line">
                    <th scope="col" className="py-2 pr-3 font-medium">
                      What
                    </th>
                    <th scope="col" className="hidden py-2 pr-3 font-medium sm:table-cell">
                      With
                    </th>
                    <th scope="col" className="py-2 pr-3 text-right font-medium">
                      Amount
                    </th>
                    <th scope="col" className="py-2 text-right font-medium">
                      When
                    </th>
                  </tr>
                </thead>
                <tbody className="divide-y divide-line">
                  {items.map((item, line) => (
                    <tr key={`${item.txHash}-${item.kind}-${items.length - line}`} className="align-top">
                      <td className="py-3 pr-3 font-medium">{KINDS[item.kind] ?? item.kind}</td>
                      <td className="hidden py-3 pr-3 sm:table-cell">
                        {item.counterparty ? (
                          <ChainLink kind="address" value={item.counterparty} />
                        ) : (
                          <span className="text-ink-faint">—</span>
                        )}
                      </td>
                      <td className="py-3 pr-3 text-right">
                        <Change item={item} />
                      </td>
                      <td className="py-3 text-right">
                        <span className="block whitespace-nowrap max-sm:text-xs max-sm:leading-5">
                          {formatDate(item.at, now)}
                        </span>
                        <ChainLink kind="tx" value={item.txHash} label="transaction" />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
              <MoreButton query={query} />
            </>
          )
        }}
      </Loaded>
    </Card>
  )
}

/** What an account has of the liquid side. */
function Liquid({ address, mine }: { address: string; mine: boolean }) {
  const account = useQuery(accountQuery(address))
  return (
    <>
      <Loaded query={account}>{(data) => <Holdings account={data} mine={mine} />}</Loaded>
      <VaultHolding address={address} mine={mine} />
      <Requests address={address} mine={mine} title={mine ? 'My requests' : 'Requests'} />
      <PayoutsCard address={address} mine={mine} />
    </>
  )
}

function Holder({ address, mine }: { address: string; mine: boolean }) {
  const { liquid, basket } = useAppConfig()
  return (
    <div className="space-y-5">
      {liquid && <Liquid address={address} mine={mine} />}
      {basket && <BasketHolding address={address} mine={mine} />}
      {liquid && <History address={address} />}
    </div>
  )
}

function Lookup() {
  const navigate = useNavigate()
  const [text, setText] = useState('')
  const who = readAddress(text)
  return (
    <form
      className="flex flex-wrap items-start gap-x-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (who) void navigate({ to: '/dashboard', search: { address: who } })
      }}
    >
      <AddressField label="Or look at any address" text={text} onText={setText} testId="lookup" />
      <Button look="quiet" type="submit" disabled={!who} className="sm:mt-[1.9rem]">
        Show
      </Button>
    </form>
  )
}

export function DashboardPage() {
  const wallet = useReadyWallet()
  const { address: asked } = route.useSearch()
  const given = asked && isAddress(asked, { strict: false }) ? asked : undefined
  const address = given ?? wallet.address
  const mine = address !== undefined && address.toLowerCase() === wallet.address?.toLowerCase()
  return (
    <>
      <PageHead title="Dashboard">Everything that one holder has, waits for and did.</PageHead>
      {asked && !given && (
        <div className="mb-5">
          <Notice tone="warn" title="That is not an address">
            Check the link you followed.
          </Notice>
        </div>
      )}
      {given && !mine && (
        <div className="mb-5">
          <Notice
            tone="neutral"
            action={
              <Link to="/dashboard" search={{}} className="text-accent underline underline-offset-2">
                {wallet.address ? 'Back to mine' : 'Close'}
              </Link>
            }
          >
            You are looking at <span className="font-mono text-[0.85em] break-all">{given}</span>
          </Notice>
        </div>
      )}
      {address ? (
        <Holder key={address} address={address} mine={mine} />
      ) : (
        <Card className="max-w-xl">
          <div className="space-y-6">
            <ConnectButton wide />
            <Lookup />
          </div>
        </Card>
      )}
    </>
  )
}
