import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import type { Address } from 'viem'
import { useReadContract } from 'wagmi'
import { accountQuery, vaultPositionQuery, vaultQuery, vaultRequestsQuery } from '../api/queries'
import type { Vault, VaultRequest, VaultRequestState } from '../api/types'
import { coinVaultAbi, tokenAbi, vaultAbi } from '../generated/abi'
import { useAppConfig, useLiquid } from '../chain/app-config'
import { useChainNow } from '../chain/use-clock'
import { isBusy, useTx } from '../chain/use-tx'
import { formatCount, formatRate, parseAmount, wei } from '../lib/amount'
import { formatAgo } from '../lib/time'
import { AmountField } from './amount-field'
import { Choice } from './choice'
import { TxStatus, txLabel } from './tx-status'
import {
  Amount,
  Badge,
  Button,
  Card,
  ChainLink,
  Coin,
  Empty,
  Fact,
  Facts,
  Loaded,
  Lst,
  MoreButton,
  Notice,
  Stat,
  When,
} from './ui'
import { ConnectButton, useReadyWallet } from './wallet'

/** The vault's shares, in their own wei. */
export function Shares({ value, className = '' }: { value: bigint; className?: string }) {
  return <Amount value={value} unit={value === 10n ** 18n ? 'share' : 'shares'} className={className} />
}

/** Tokens into the vault: allowed once, then deposited. */
function PutIn({ vault, at }: { vault: Vault; at: Address }) {
  const config = useAppConfig()
  const { token } = useLiquid()
  const wallet = useReadyWallet()
  const { state, send, reset } = useTx()
  const [text, setText] = useState('')
  const parsed = parseAmount(text)
  const amount = parsed.ok ? parsed.value : 0n
  const account = useQuery({ ...accountQuery(wallet.address ?? ''), enabled: wallet.connected })
  const held = account.data ? wei(account.data.lstBalance) : undefined
  const allowed = useReadContract({
    address: token,
    abi: tokenAbi,
    functionName: 'allowance',
    chainId: config.chainId,
    args: [wallet.address ?? at, at],
    query: { enabled: wallet.connected },
  })
  const asked = useDeferredValue(amount)
  const shares = useReadContract({
    address: at,
    abi: vaultAbi,
    functionName: 'previewDeposit',
    chainId: config.chainId,
    args: [asked],
    query: { enabled: asked > 0n },
  })
  const problem = held !== undefined && amount > held ? 'That is more than you hold.' : null
  const mayTake = allowed.data !== undefined && allowed.data >= amount
  const go = async () => {
    if (!mayTake) {
      await send({
        address: token,
        abi: tokenAbi,
        functionName: 'approve',
        args: [at, amount],
      })
      return
    }
    const ok = await send({ address: at, abi: vaultAbi, functionName: 'deposit', args: [amount, wallet.address] })
    if (ok) setText('')
  }
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault()
        void go()
      }}
    >
      <AmountField
        label="You put in"
        unit={config.lstSymbol}
        text={text}
        onText={(value) => {
          setText(value)
          if (!isBusy(state)) reset()
        }}
        balance={held === undefined ? undefined : { label: 'You hold', value: held, max: held }}
        problem={problem}
        testId="vault-in-amount"
      />
      <Facts>
        <Fact label="You receive about" hint="A share’s price only rises, by the second">
          <Shares value={asked > 0n ? (shares.data ?? 0n) : 0n} />
        </Fact>
      </Facts>
      {!vault.open && (
        <Notice tone="warn" title="The vault takes no deposits now">
          The protocol’s deposits are closed for the moment, so the vault’s are too. What is in it can leave.
        </Notice>
      )}
      {wallet.connected ? (
        <Button
          type="submit"
          wide
          data-testid="vault-in-submit"
          disabled={
            !wallet.ready || !vault.open || amount === 0n || held === undefined || problem !== null || isBusy(state)
          }
        >
          {txLabel(
            state,
            amount === 0n
              ? 'Enter an amount'
              : mayTake
                ? 'Put into the vault'
                : `Allow the vault to take this ${config.lstSymbol}`,
          )}
        </Button>
      ) : (
        <ConnectButton wide label="Connect a wallet" />
      )}
      <div data-testid="vault-in-status">
        <TxStatus
          state={state}
          done={
            amount > 0n
              ? 'The vault may take exactly that. One more step: put it in.'
              : 'Your shares are in your wallet and compound from now on.'
          }
        />
      </div>
    </form>
  )
}

type Way = 'tokens' | 'coins'

/** Shares back: tokens at once, or coins by the queue. */
function TakeOut({ at, coinVault, account }: { at: Address; coinVault: Address | null; account: Address | undefined }) {
  const config = useAppConfig()
  const wallet = useReadyWallet()
  const { state, send, reset } = useTx()
  const [text, setText] = useState('')
  const [way, setWay] = useState<Way>('tokens')
  const parsed = parseAmount(text)
  const shares = parsed.ok ? parsed.value : 0n
  const position = useQuery({ ...vaultPositionQuery(account ?? ''), enabled: account !== undefined })
  const held = position.data ? wei(position.data.shares) : undefined
  const asked = useDeferredValue(shares)
  const tokens = useReadContract({
    address: at,
    abi: vaultAbi,
    functionName: 'previewRedeem',
    chainId: config.chainId,
    args: [asked],
    query: { enabled: asked > 0n && way === 'tokens' },
  })
  const coins = useReadContract({
    address: coinVault ?? at,
    abi: coinVaultAbi,
    functionName: 'convertToAssets',
    chainId: config.chainId,
    args: [asked],
    query: { enabled: asked > 0n && way === 'coins' && coinVault !== null },
  })
  const most = position.data ? wei(position.data.redeemable) : undefined
  const problem =
    held !== undefined && shares > held
      ? 'That is more than you hold.'
      : most !== undefined && shares > most
        ? 'That much is not held as tokens now. Take less, or come back when deposits are open.'
        : null
  const go = async () => {
    const me = wallet.address
    const ok =
      way === 'coins' && coinVault
        ? await send({ address: coinVault, abi: coinVaultAbi, functionName: 'requestRedeem', args: [shares, me, me] })
        : await send({ address: at, abi: vaultAbi, functionName: 'redeem', args: [shares, me, me] })
    if (ok) setText('')
  }
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault()
        void go()
      }}
    >
      <AmountField
        label="You take out"
        unit="shares"
        text={text}
        onText={(value) => {
          setText(value)
          if (!isBusy(state)) reset()
        }}
        balance={held === undefined ? undefined : { label: 'You hold', value: held, max: held }}
        problem={problem}
        testId="vault-out-amount"
      />
      {coinVault && (
        <Choice<Way>
          label="As"
          value={way}
          onValue={setWay}
          testId="vault-out"
          options={[
            { value: 'tokens', name: config.lstSymbol, note: 'At once.' },
            { value: 'coins', name: config.nativeSymbol, note: 'By the queue, at a time told beforehand.' },
          ]}
        />
      )}
      <Facts>
        {way === 'tokens' ? (
          <Fact label="You receive">
            <Lst value={asked > 0n ? (tokens.data ?? 0n) : 0n} />
          </Fact>
        ) : (
          <Fact label="Worth now" hint="What the claim brings is known at the claim; the queue’s fee is taken then">
            <Coin value={asked > 0n ? (coins.data ?? 0n) : 0n} />
          </Fact>
        )}
      </Facts>
      {wallet.connected ? (
        <Button
          type="submit"
          wide
          data-testid="vault-out-submit"
          disabled={!wallet.ready || shares === 0n || held === undefined || problem !== null || isBusy(state)}
        >
          {txLabel(state, shares === 0n ? 'Enter an amount' : way === 'tokens' ? 'Take out' : 'Join the queue')}
        </Button>
      ) : (
        <ConnectButton wide label="Connect a wallet" />
      )}
      <div data-testid="vault-out-status">
        <TxStatus
          state={state}
          done={
            way === 'tokens' ? 'The tokens are in your wallet.' : 'The request is listed below, with its promised time.'
          }
        />
      </div>
    </form>
  )
}

const STATES: Record<VaultRequestState, { words: string; tone: 'neutral' | 'good' | 'info' | 'accent' }> = {
  open: { words: 'Can be taken back', tone: 'info' },
  waiting: { words: 'In line', tone: 'neutral' },
  partial: { words: 'Partly funded', tone: 'accent' },
  ready: { words: 'Ready to claim', tone: 'good' },
  claimed: { words: 'Paid out', tone: 'neutral' },
  cancelled: { words: 'Taken back', tone: 'neutral' },
}

function RequestItem({ request, mine, coinVault }: { request: VaultRequest; mine: boolean; coinVault: Address }) {
  const now = useChainNow()
  const wallet = useReadyWallet()
  const { state, send } = useTx()
  const [done, setDone] = useState('')
  const me = wallet.address
  const shown = STATES[request.state]
  const call = (functionName: 'claimRequest' | 'cancelRequest', args: readonly unknown[], words: string) => {
    setDone(words)
    return send({ address: coinVault, abi: coinVaultAbi, functionName, args })
  }
  const off = !wallet.ready || isBusy(state)
  return (
    <li className="py-4 first:pt-0 last:pb-0" data-testid={`vault-request-${request.id}`} data-state={request.state}>
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1">
        <div>
          <h4 className="font-semibold">
            {request.state === 'cancelled' ? (
              <Lst value={wei(request.lstBack)} />
            ) : (
              <Shares value={wei(request.shares)} />
            )}
          </h4>
          <p className="text-xs text-ink-faint">
            Rung {request.rung} · asked {formatAgo(request.requestedAt, now)} ·{' '}
            <ChainLink kind="tx" value={request.txHash} label="transaction" />
          </p>
        </div>
        <Badge tone={shown.tone}>{shown.words}</Badge>
      </div>
      <dl className="mt-2 grid grid-cols-2 gap-x-6 gap-y-2 text-sm">
        {wei(request.pending) > 0n && (
          <div>
            <dt className="text-ink-soft">
              {request.state === 'open' ? 'Claimable by, as things stand' : 'Promised by'}
            </dt>
            <dd className="font-medium">
              <When at={request.promisedAt} now={now} />
            </dd>
          </div>
        )}
        {wei(request.claimableCoins) > 0n && (
          <div>
            <dt className="text-ink-soft">Claimable now</dt>
            <dd className="font-medium">
              <Coin value={wei(request.claimableCoins)} />
            </dd>
          </div>
        )}
      </dl>
      {mine && (
        <div className="mt-3 space-y-3">
          {wei(request.claimable) > 0n && (
            <Button
              disabled={off}
              data-testid={`vault-claim-${request.id}`}
              onClick={() => void call('claimRequest', [BigInt(request.id), me, me], 'The coins are in your wallet.')}
            >
              {txLabel(state, 'Claim')}
            </Button>
          )}
          {request.state === 'open' && (
            <Button
              look="quiet"
              disabled={off}
              data-testid={`vault-cancel-${request.id}`}
              onClick={() =>
                void call('cancelRequest', [me, me], 'The request is taken back; its tokens are in your wallet.')
              }
            >
              {txLabel(state, 'Take back')}
            </Button>
          )}
          <TxStatus state={state} done={done} />
        </div>
      )}
    </li>
  )
}

/** Exits from the vault by the queue. Shows nothing where there never was one. */
function VaultRequests({ address, mine, coinVault }: { address: string; mine: boolean; coinVault: Address }) {
  const query = useInfiniteQuery(vaultRequestsQuery(address))
  const items = query.data?.pages.flatMap((page) => page.items) ?? []
  if (query.data && items.length === 0) return null
  return (
    <div className="border-t border-line pt-5">
      <h3 className="mb-3 font-semibold">Out of the vault, by the queue</h3>
      <Loaded query={query}>
        {() => (
          <>
            <ul className="divide-y divide-line">
              {items.map((request) => (
                <RequestItem key={request.id} request={request} mine={mine} coinVault={coinVault} />
              ))}
            </ul>
            <MoreButton query={query} />
          </>
        )}
      </Loaded>
    </div>
  )
}

/** The vault on the page where one deposits: what it is, in and out of it, and what waits. */
export function VaultCard() {
  const { lstSymbol } = useAppConfig()
  const { vault: at, coinVault } = useLiquid()
  const wallet = useReadyWallet()
  const vault = useQuery({ ...vaultQuery, enabled: at !== null })
  const [side, setSide] = useState<'in' | 'out'>('in')
  if (!at) return null
  return (
    <Card title="Compounding vault" aside="ERC-4626">
      <Loaded query={vault} rows={6}>
        {(data) => (
          <div className="space-y-5">
            <p className="text-sm text-ink-soft">
              Turns the rewards of its {lstSymbol} into more {lstSymbol} for you. No fee, no lock: {lstSymbol} comes out
              at once.
            </p>
            <dl className="grid grid-cols-2 gap-5">
              <Stat label="In the vault" note={`${formatCount(data.holders)} holders`}>
                <Lst value={wei(data.lst)} />
              </Stat>
              <Stat
                label="One share"
                note={data.harvestedAt === null ? 'nothing harvested yet' : <Harvested at={data.harvestedAt} />}
              >
                <span className="num" data-testid="vault-price">
                  {formatRate(wei(data.price))} {lstSymbol}
                </span>
              </Stat>
            </dl>
            <Choice
              label="I want to"
              value={side}
              onValue={setSide}
              testId="vault-side"
              options={[
                { value: 'in', name: `Put ${lstSymbol} in` },
                { value: 'out', name: 'Take shares out' },
              ]}
            />
            {side === 'in' ? (
              <PutIn vault={data} at={at} />
            ) : (
              <TakeOut at={at} coinVault={coinVault} account={wallet.address} />
            )}
            {wallet.address && coinVault && <VaultRequests address={wallet.address} mine coinVault={coinVault} />}
          </div>
        )}
      </Loaded>
    </Card>
  )
}

function Harvested({ at }: { at: number }) {
  const now = useChainNow()
  return <>last harvest {formatAgo(at, now)}</>
}

/** One holder's part of the vault. */
export function VaultHolding({ address, mine }: { address: string; mine: boolean }) {
  const { vault, coinVault } = useLiquid()
  const position = useQuery({ ...vaultPositionQuery(address), enabled: vault !== null })
  if (!vault) return null
  return (
    <Card title="In the vault">
      <Loaded query={position}>
        {(data) => (
          <div className="space-y-5">
            {wei(data.shares) === 0n && wei(data.deposited) === 0n ? (
              <Empty>No shares of the vault.</Empty>
            ) : (
              <dl className="grid grid-cols-2 gap-x-4 gap-y-6 lg:grid-cols-4" data-testid="vault-position">
                <Stat label="Shares">
                  <Shares value={wei(data.shares)} />
                </Stat>
                <Stat
                  label="Worth now"
                  note={
                    <>
                      or <Coin value={wei(data.value)} />
                    </>
                  }
                >
                  <Lst value={wei(data.lst)} />
                </Stat>
                <Stat label="Put in, in all">
                  <Lst value={wei(data.deposited)} />
                </Stat>
                <Stat
                  label="Taken out, in all"
                  note={
                    wei(data.claimed) > 0n ? (
                      <>
                        <Coin value={wei(data.claimed)} /> of it claimed as coins
                      </>
                    ) : undefined
                  }
                >
                  <Lst value={wei(data.withdrawn)} />
                </Stat>
              </dl>
            )}
            {coinVault && <VaultRequests address={address} mine={mine} coinVault={coinVault} />}
          </div>
        )}
      </Loaded>
    </Card>
  )
}
