import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { erc20Abi, getAddress, type Address } from 'viem'
import { useBalance, useReadContract, useReadContracts } from 'wagmi'
import { basketDepositQuery, basketMintQuery, basketQuery, sleevesQuery } from '../api/queries'
import type { BasketSleeve, BasketSummary, QuoteLeg } from '../api/types'
import { basketAbi } from '../generated/abi'
import { useAppConfig, useBasket } from '../chain/app-config'
import { useChainNow } from '../chain/use-clock'
import { usePermit } from '../chain/use-permit'
import { isBusy, useTx } from '../chain/use-tx'
import { formatAmount, formatBps, parseAmount, wei, WEI } from '../lib/amount'
import { atLeast, atMost, CLOSED, isCoin, SLIPPAGE_BPS, unitOf } from '../lib/basket'
import { deadlineAt } from '../lib/time'
import { AmountField } from './amount-field'
import { BasketShares, Units, useShareSymbol } from './basket-units'
import { Choice } from './choice'
import { useRisks } from './risk'
import { TxStatus, txLabel } from './tx-status'
import { Badge, Button, Card, Empty, Fact, Facts, Failure, Loaded, Notice } from './ui'
import { ConnectButton, useReadyWallet } from './wallet'

/** Left behind by "Max", so that the wallet can still pay for this transaction and the exit after it. */
const GAS_RESERVE = WEI / 50n

/** What an account has of a sleeve's token, and what of it the basket may take. The coin needs no leave. */
function useHolding(token: string, account: Address | undefined) {
  const { chainId } = useAppConfig()
  const { basket } = useBasket()
  const coin = isCoin(token)
  const at = getAddress(token)
  const coins = useBalance({ address: account, chainId, query: { enabled: coin && account !== undefined } })
  const asked = { address: at, abi: erc20Abi, chainId } as const
  const query = { enabled: !coin && account !== undefined }
  const tokens = useReadContract({ ...asked, functionName: 'balanceOf', args: [account ?? at], query })
  const allowed = useReadContract({ ...asked, functionName: 'allowance', args: [account ?? at, basket], query })
  return {
    held: coin ? coins.data?.value : tokens.data,
    allowed: coin ? undefined : allowed.data,
    error: coin ? coins.error : (tokens.error ?? allowed.error),
  }
}

/** One asset, at its low price. */
function DepositForm({ basket, sleeves }: { basket: BasketSummary; sleeves: readonly BasketSleeve[] }) {
  const open = sleeves.filter((sleeve) => !sleeve.retired)
  const config = useAppConfig()
  const { basket: at } = useBasket()
  const wallet = useReadyWallet()
  const now = useChainNow()
  const symbol = useShareSymbol()
  const [chosen, setChosen] = useState(open[0]?.id ?? 0)
  const [text, setText] = useState('')
  const [byTransaction, setByTransaction] = useState(false)
  const { state, send, reset } = useTx()
  const [done, setDone] = useState('')
  const risks = useRisks()
  const sleeve = open.find((each) => each.id === chosen) ?? open[0]
  const token = sleeve?.token ?? at
  const coin = isCoin(token)
  const { held, allowed, error } = useHolding(token, wallet.address)
  const permit = usePermit(getAddress(token), wallet.address, !coin)
  const { unit, decimals } = sleeve ? unitOf(sleeve, config.nativeSymbol) : { unit: '', decimals: 18 }
  const parsed = parseAmount(text, decimals)
  const units = parsed.ok ? parsed.value : 0n
  const quote = useQuery(basketDepositQuery(chosen, useDeferredValue(units)))
  if (!sleeve) return <Empty>The basket takes no asset by itself now.</Empty>

  const fresh =
    units > 0n && quote.data !== undefined && !quote.isPlaceholderData && quote.data.units === units.toString()
  const shares = fresh ? wei(quote.data.shares) : 0n
  const least = atLeast(shares)
  const mayTake = coin || (allowed !== undefined && allowed >= units)
  const signs = !mayTake && permit !== null && !byTransaction
  const closed = fresh ? quote.data.closed : null
  const problem =
    held !== undefined && units > held
      ? 'That is more than your wallet holds.'
      : fresh && units > wei(quote.data.room)
        ? `The basket takes at most ${formatAmount(wei(quote.data.room), undefined, decimals)} ${unit} now.`
        : null
  const change = (value: string) => {
    setText(value)
    if (!isBusy(state)) reset()
  }
  const deposit = async () => {
    const deadline = deadlineAt(now, config.clockFactor)
    const args = [BigInt(sleeve.id), units, wallet.address, least, deadline] as const
    if (!mayTake && !signs) {
      setDone('The basket may take exactly that. One more step: deposit it.')
      await send({ address: getAddress(token), abi: erc20Abi, functionName: 'approve', args: [at, units] })
      return
    }
    setDone(`Your ${symbol} is in your wallet.`)
    const ok = await (signs
      ? send(async () => {
          const { v, r, s } = await permit(at, units, deadline)
          return { address: at, abi: basketAbi, functionName: 'depositWithPermit', args: [...args, v, r, s] }
        })
      : send({
          address: at,
          abi: basketAbi,
          functionName: 'deposit',
          args,
          ...(coin ? { value: units } : {}),
        }))
    if (ok) setText('')
  }
  const most = held === undefined ? undefined : coin ? (held > GAS_RESERVE ? held - GAS_RESERVE : 0n) : held

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        risks.ask(() => void deposit())
      }}
    >
      {open.length > 1 && (
        <div className="mb-5">
          <Choice
            label="You deposit"
            value={String(sleeve.id)}
            onValue={(id) => {
              setChosen(Number(id))
              change('')
            }}
            testId="basket-asset"
            options={open.map((each) => ({
              value: String(each.id),
              name: unitOf({ ...each, decimals: 18 }, config.nativeSymbol).unit,
              note: each.slow
                ? 'Takes nothing in now: its system has become slow.'
                : each.weightBps === null
                  ? `Target ${formatBps(each.targetBps)}`
                  : `${formatBps(each.weightBps)} now, target ${formatBps(each.targetBps)}`,
            }))}
          />
        </div>
      )}
      <AmountField
        label="Amount"
        unit={unit}
        decimals={decimals}
        text={text}
        onText={change}
        balance={held === undefined || most === undefined ? undefined : { label: 'Balance', value: held, max: most }}
        problem={problem}
        testId="basket-in-amount"
      />
      <div className="mt-2 mb-4 flex items-baseline justify-between gap-4">
        <span className="text-sm font-medium">You receive</span>
        <output data-testid="basket-in-receive" className="text-2xl font-semibold tracking-tight">
          <BasketShares value={shares} />
        </output>
      </div>
      <Facts>
        <Fact label="Entry fee" hint="Stays with the holders">
          {formatBps(basket.fees.entryBps)}
        </Fact>
        <Fact label="You receive at least" hint="Otherwise nothing happens">
          <BasketShares value={least} />
        </Fact>
      </Facts>
      <div className="mt-5 space-y-3">
        {error && wallet.connected && (
          <Notice tone="warn" title="Your balance is not known">
            The chain’s endpoint does not answer this page. Your wallet still says whether you hold enough.
          </Notice>
        )}
        {quote.error && units > 0n && <Failure error={quote.error} retry={() => quote.refetch()} />}
        {closed && (
          <Notice tone="warn" title="This would not be taken now">
            {CLOSED[closed]}
          </Notice>
        )}
        {wallet.connected ? (
          <Button
            type="submit"
            wide
            data-testid="basket-in-submit"
            disabled={
              !wallet.ready ||
              !fresh ||
              shares === 0n ||
              closed !== null ||
              sleeve.slow ||
              problem !== null ||
              (!coin && allowed === undefined) ||
              isBusy(state)
            }
          >
            {txLabel(
              state,
              !wallet.ready
                ? 'Switch network first'
                : units === 0n
                  ? 'Enter an amount'
                  : mayTake
                    ? 'Deposit'
                    : signs
                      ? 'Sign and deposit'
                      : `Allow the basket to take this ${unit}`,
            )}
          </Button>
        ) : (
          <ConnectButton wide label="Connect a wallet to deposit" />
        )}
        {!mayTake && permit !== null && units > 0n && (
          <p className="text-sm text-ink-soft">
            {byTransaction
              ? 'Two transactions: one allows the amount, one deposits it.'
              : 'Your wallet signs a permit first, which costs nothing, then the deposit. '}{' '}
            <Button look="plain" onClick={() => setByTransaction(!byTransaction)}>
              {byTransaction ? 'Sign a permit instead' : 'My wallet cannot sign permits'}
            </Button>
          </p>
        )}
        <div data-testid="basket-in-status">
          <TxStatus state={state} done={done} />
        </div>
      </div>
      {risks.dialog}
    </form>
  )
}

type Need = { leg: QuoteLeg; most: bigint; held: bigint | undefined; mayTake: boolean; ready: boolean }

/** What each asset of a mint in kind needs, what there is of it, and whether the basket may take it. */
function useNeeds(legs: readonly QuoteLeg[], account: Address | undefined): Need[] {
  const { chainId } = useAppConfig()
  const { basket } = useBasket()
  const on = account !== undefined
  const tokens = legs.filter((leg) => !isCoin(leg.asset))
  const coins = useBalance({ address: account, chainId, query: { enabled: on } })
  const of = (functionName: 'balanceOf' | 'allowance') =>
    tokens.map((leg) => ({
      address: getAddress(leg.asset),
      abi: erc20Abi,
      chainId,
      functionName,
      args: functionName === 'balanceOf' ? [account ?? basket] : [account ?? basket, basket],
    }))
  const query = { enabled: on && tokens.length > 0 }
  const held = useReadContracts({ contracts: of('balanceOf'), query })
  const allowed = useReadContracts({ contracts: of('allowance'), query })
  return legs.map((leg) => {
    const coin = isCoin(leg.asset)
    const i = tokens.indexOf(leg)
    const has = coin ? coins.data?.value : (held.data?.[i]?.result as bigint | undefined)
    const may = allowed.data?.[i]?.result as bigint | undefined
    const most = atMost(wei(leg.units))
    const mayTake = coin || (may !== undefined && may >= most)
    return { leg, most, held: has, mayTake, ready: has !== undefined && has >= most && mayTake }
  })
}

/** One asset of a mint in kind, with the step that lets the basket take it. */
function NeedRow({ need: { leg, most, held, mayTake, ready } }: { need: Need }) {
  const config = useAppConfig()
  const { basket } = useBasket()
  const wallet = useReadyWallet()
  const { state, send } = useTx()
  const asset = { token: leg.asset, symbol: leg.symbol, decimals: leg.decimals }
  const { unit } = unitOf(asset, config.nativeSymbol)
  const short = held !== undefined && held < most
  const approve = () =>
    send({ address: getAddress(leg.asset), abi: erc20Abi, functionName: 'approve', args: [basket, most] })
  return (
    <li className="py-3.5 first:pt-0 last:pb-0" data-testid={`need-${leg.sleeve}`} data-ready={ready}>
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <span className="font-medium">
          <Units sleeve={asset} value={wei(leg.units)} />
        </span>
        {held === undefined ? null : short ? (
          <Badge tone="bad">You hold too little</Badge>
        ) : mayTake ? (
          <Badge tone="good">{isCoin(leg.asset) ? 'Sent along' : 'Allowed'}</Badge>
        ) : (
          <Badge tone="info">To be allowed</Badge>
        )}
      </div>
      <p className="mt-0.5 text-xs text-ink-faint">
        at most <Units sleeve={asset} value={most} />
        {held !== undefined && (
          <>
            {' · you hold '}
            <Units sleeve={asset} value={held} />
          </>
        )}
      </p>
      {held !== undefined && !short && !mayTake && (
        <div className="mt-2 space-y-2">
          <Button
            look="quiet"
            disabled={!wallet.ready || isBusy(state)}
            onClick={() => void approve()}
            data-testid={`allow-${leg.sleeve}`}
          >
            {txLabel(state, `Allow ${unit}`)}
          </Button>
          <TxStatus state={state} done={`The basket may take this ${unit}.`} />
        </div>
      )}
    </li>
  )
}

/** Every asset in proportion: no price, open in every state of the prices. */
function MintForm({ basket, sleeves }: { basket: BasketSummary; sleeves: readonly BasketSleeve[] }) {
  const config = useAppConfig()
  const { basket: at } = useBasket()
  const wallet = useReadyWallet()
  const now = useChainNow()
  const symbol = useShareSymbol()
  const [text, setText] = useState('')
  const { state, send, reset } = useTx()
  const risks = useRisks()
  const parsed = parseAmount(text)
  const priced = parsed.ok ? parsed.value : 0n
  const quote = useQuery(basketMintQuery(useDeferredValue(priced)))
  const fresh =
    priced > 0n && quote.data !== undefined && !quote.isPlaceholderData && quote.data.priced === priced.toString()
  const legs = fresh ? quote.data.legs.filter((leg) => wei(leg.units) > 0n) : []
  const closed = fresh ? quote.data.closed : null
  const needs = useNeeds(legs, wallet.address)
  const all = needs.length > 0 && needs.every((need) => need.ready)
  const mint = async () => {
    // One for each sleeve ever added: what is not needed takes nothing.
    const most = sleeves.map((sleeve) => needs.find(({ leg }) => leg.sleeve === sleeve.id)?.most ?? 0n)
    const coins = sleeves.reduce((sum, sleeve, i) => (isCoin(sleeve.token) ? sum + (most[i] ?? 0n) : sum), 0n)
    const ok = await send({
      address: at,
      abi: basketAbi,
      functionName: 'mintInKind',
      args: [priced, most, wallet.address, deadlineAt(now, config.clockFactor)],
      value: coins,
    })
    if (ok) setText('')
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        risks.ask(() => void mint())
      }}
    >
      <AmountField
        label="Shares to pay for"
        unit={symbol}
        text={text}
        onText={(value) => {
          setText(value)
          if (!isBusy(state)) reset()
        }}
        testId="basket-mint-amount"
      />
      <div className="mt-2 mb-4 flex items-baseline justify-between gap-4">
        <span className="text-sm font-medium">You receive</span>
        <output data-testid="basket-mint-receive" className="text-2xl font-semibold tracking-tight">
          <BasketShares value={fresh ? wei(quote.data.shares) : 0n} />
        </output>
      </div>
      <Facts>
        <Fact label="Entry fee" hint="Stays with the holders">
          {formatBps(basket.fees.entryBps)}
        </Fact>
      </Facts>
      {legs.length > 0 && (
        <>
          <h3 className="mt-4 mb-3 text-sm font-semibold">It takes</h3>
          <ul className="divide-y divide-line">
            {needs.map((need) => (
              <NeedRow key={need.leg.sleeve} need={need} />
            ))}
          </ul>
          <p className="mt-3 text-sm text-ink-soft">
            Today’s harvest may add a little: at most {formatBps(SLIPPAGE_BPS)} more is taken, and coins sent in excess
            come back.
          </p>
        </>
      )}
      <div className="mt-5 space-y-3">
        {quote.error && priced > 0n && <Failure error={quote.error} retry={() => quote.refetch()} />}
        {closed && (
          <Notice tone="warn" title="This would not be taken now">
            {CLOSED[closed]}
          </Notice>
        )}
        {wallet.connected ? (
          <Button
            type="submit"
            wide
            data-testid="basket-mint-submit"
            disabled={!wallet.ready || !fresh || !all || closed !== null || isBusy(state)}
          >
            {txLabel(
              state,
              !wallet.ready
                ? 'Switch network first'
                : priced === 0n
                  ? 'Enter an amount'
                  : fresh && !all
                    ? 'Each asset has to be there and allowed first'
                    : 'Mint in kind',
            )}
          </Button>
        ) : (
          <ConnectButton wide label="Connect a wallet to mint" />
        )}
        <div data-testid="basket-mint-status">
          <TxStatus state={state} done={`Your ${symbol} is in your wallet.`} />
        </div>
      </div>
      {risks.dialog}
    </form>
  )
}

type Way = 'one' | 'kind'

/** The two ways in. */
export function BasketIn() {
  const basket = useQuery(basketQuery)
  const sleeves = useQuery(sleevesQuery)
  const [way, setWay] = useState<Way>('one')
  return (
    <Card title="Join">
      <div className="mb-5">
        <Choice<Way>
          label="With"
          value={way}
          onValue={setWay}
          testId="basket-way"
          options={[
            { value: 'one', name: 'One asset', note: 'Counted at its low price.' },
            { value: 'kind', name: 'Every asset, in kind', note: 'No price: open in every state.' },
          ]}
        />
      </div>
      <Loaded query={basket} rows={6}>
        {(summary) => (
          <Loaded query={sleeves} rows={4}>
            {(all) =>
              way === 'one' ? (
                <DepositForm basket={summary} sleeves={all.sleeves} />
              ) : (
                <MintForm basket={summary} sleeves={all.sleeves} />
              )
            }
          </Loaded>
        )}
      </Loaded>
    </Card>
  )
}
