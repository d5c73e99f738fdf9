import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useState } from 'react'
import { useBalance, useReadContract } from 'wagmi'
import { depositQuoteQuery, overviewQuery, reserveQuery, vaultQuery } from '../api/queries'
import type { Overview } from '../api/types'
import { minterAbi, rewardsAbi, vaultAbi } from '../generated/abi'
import { useAppConfig, useLiquid } from '../chain/app-config'
import { useChainNow } from '../chain/use-clock'
import { isBusy, useTx } from '../chain/use-tx'
import { AmountField } from '../components/amount-field'
import { Choice } from '../components/choice'
import { Later } from '../components/later'
import { TxStatus, txLabel } from '../components/tx-status'
import { Shares, VaultCard } from '../components/vault'
import { Amount, Button, Card, Coin, Fact, Facts, Failure, Loaded, Lst, Notice, PageHead, Stat } from '../components/ui'
import { ConnectButton, useReadyWallet } from '../components/wallet'
import { formatBps, formatCount, formatRate, ofBps, parseAmount, RAY, wei, WEI } from '../lib/amount'
import { deadlineAt } from '../lib/time'

/** Left behind by "Max", so that the wallet can still pay for this transaction and the exit after it. */
const GAS_RESERVE = WEI / 50n
/** A share's price rises between the quote and the block; by more than this it does not in any honest wait. */
const SHARE_SLACK_BPS = 10

type Into = 'wallet' | 'vault'

function DepositForm({ overview }: { overview: Overview | undefined }) {
  const config = useAppConfig()
  const wallet = useReadyWallet()
  const now = useChainNow()
  const [text, setText] = useState('')
  const [into, setInto] = useState<Into>('wallet')
  const { state, send, reset } = useTx()
  const parsed = parseAmount(text)
  const amount = parsed.ok ? parsed.value : 0n
  const quote = useQuery(depositQuoteQuery(useDeferredValue(amount)))
  const { minter, rewards, vault: vaultAt } = useLiquid()
  const vault = useQuery({ ...vaultQuery, enabled: vaultAt !== null })
  const balance = useBalance({ address: wallet.address, chainId: config.chainId, query: { enabled: wallet.connected } })
  const held = balance.data?.value
  const fresh = amount > 0n && quote.data !== undefined && !quote.isPlaceholderData
  const receive = fresh ? wei(quote.data.lst) : 0n
  const price = vault.data ? wei(vault.data.price) : 0n
  const toVault = into === 'vault' && vault.data !== undefined && vaultAt !== null
  const shares = price > 0n ? (receive * RAY) / price : 0n
  const leastShares = shares - ofBps(shares, SHARE_SLACK_BPS)
  const flags = useReadContract({
    address: minter,
    abi: minterAbi,
    functionName: 'flags',
    chainId: config.chainId,
  })
  const rewardFee = useReadContract({
    address: rewards,
    abi: rewardsAbi,
    functionName: 'rewardFeeBps',
    chainId: config.chainId,
  })
  // The service does not say these two; where the endpoint does not answer either, the check before signing does.
  const paused = flags.data !== undefined && flags.data[1] > BigInt(now)
  const slashPending = flags.data !== undefined && flags.data[4] > 0n

  const problem = held !== undefined && amount > held ? `That is more than your wallet holds.` : null
  const change = (value: string) => {
    setText(value)
    if (!isBusy(state)) reset()
  }
  const deposit = async () => {
    // The rate never rises, so one coin never buys less than it does now: the quote itself is the least that is accepted.
    const ok = await (toVault
      ? send({
          address: vaultAt,
          abi: vaultAbi,
          functionName: 'submitAndDeposit',
          args: [wallet.address, leastShares],
          value: amount,
        })
      : send({
          address: minter,
          abi: minterAbi,
          functionName: 'deposit',
          args: [wallet.address, receive, deadlineAt(now, config.clockFactor)],
          value: amount,
        }))
    if (ok) setText('')
  }
  const max = held !== undefined && held > GAS_RESERVE ? held - GAS_RESERVE : 0n

  return (
    <Card>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void deposit()
        }}
      >
        <AmountField
          label="You deposit"
          unit={config.nativeSymbol}
          text={text}
          onText={change}
          balance={held === undefined ? undefined : { label: 'Balance', value: held, max }}
          problem={problem}
          testId="deposit-amount"
        />
        {vault.data && (
          <div className="mt-1 mb-4">
            <Choice<Into>
              label="You hold then"
              value={into}
              onValue={setInto}
              testId="deposit-into"
              options={[
                { value: 'wallet', name: config.lstSymbol, note: 'Rewards stream to you; you claim them.' },
                { value: 'vault', name: 'Shares of the vault', note: 'Rewards compound by themselves.' },
              ]}
            />
          </div>
        )}
        <div className="mt-2 mb-4 flex items-baseline justify-between gap-4">
          <span className="text-sm font-medium">You receive</span>
          <output data-testid="deposit-receive" className="text-2xl font-semibold tracking-tight">
            {toVault ? <Shares value={shares} /> : <Amount value={receive} unit={config.lstSymbol} />}
          </output>
        </div>
        <Facts>
          <Fact label="Rate" hint="Only a booked loss lowers it; it never rises">
            <span className="num">
              1 {config.lstSymbol} = {overview ? formatRate(wei(overview.rate)) : '…'} {config.nativeSymbol}
            </span>
          </Fact>
          <Fact label="Deposit fee">None</Fact>
          <Fact label="You receive at least" hint="Otherwise nothing happens">
            {toVault ? <Shares value={leastShares} /> : <Lst value={receive} digits={6} />}
          </Fact>
          {rewardFee.data !== undefined && (
            <Fact label="Share of rewards kept by the protocol">{formatBps(rewardFee.data)}</Fact>
          )}
        </Facts>
        <div className="mt-5 space-y-3">
          {wallet.connected && held === undefined && balance.error && (
            <Notice tone="warn" title="Your balance is not known">
              The chain’s endpoint does not answer this page. Your wallet still says whether you hold enough.
            </Notice>
          )}
          {quote.error && amount > 0n && <Failure error={quote.error} retry={() => quote.refetch()} />}
          {slashPending && (
            <Notice tone="warn" title="A loss is being booked">
              A validator was slashed and its loss is not in the rate yet. Deposits wait until it is, usually minutes.
            </Notice>
          )}
          {paused && (
            <Notice tone="warn" title="Deposits are paused">
              Exits and claims go on. The pause ends by itself.
            </Notice>
          )}
          {wallet.connected ? (
            <Button
              type="submit"
              wide
              data-testid="deposit-submit"
              disabled={
                !wallet.ready || paused || slashPending || !fresh || receive === 0n || problem !== null || isBusy(state)
              }
            >
              {txLabel(state, !wallet.ready ? 'Switch network first' : amount === 0n ? 'Enter an amount' : 'Deposit')}
            </Button>
          ) : (
            <ConnectButton wide label="Connect a wallet to deposit" />
          )}
          <div data-testid="deposit-status">
            <TxStatus
              state={state}
              done={
                into === 'vault'
                  ? 'Your shares are in your wallet and compound from now on.'
                  : `Your ${config.lstSymbol} is in your wallet and earns from now on.`
              }
            />
          </div>
        </div>
      </form>
    </Card>
  )
}

function Journey({ overview }: { overview: Overview }) {
  const { lstSymbol, nativeSymbol } = useAppConfig()
  const kept = overview.withholdBps
  return (
    <Card title={`What happens to your ${nativeSymbol}`}>
      <div
        className="flex h-3 overflow-hidden rounded-full"
        role="img"
        aria-label={`About ${formatBps(kept)} stays in the buffer, the rest is staked`}
      >
        <div className="bg-buffer" style={{ width: `${kept / 100}%` }} />
        <div className="flex-1 border-l-2 border-surface bg-active" />
      </div>
      <div className="mt-2 flex justify-between text-xs text-ink-soft">
        <span>{formatBps(kept)} buffer, for instant exits</span>
        <span>{formatBps(10_000 - kept)} staked</span>
      </div>
      <ol className="mt-5 space-y-4 text-sm">
        {[
          [
            'At once',
            `You get ${lstSymbol}. Your deposit joins the buffer, where it first serves people who are leaving.`,
          ],
          [
            'When the keepers next stake',
            'What the buffer does not need is spread over the validators, in many small accounts (buckets), so that later exits need not wait for each other.',
          ],
          [
            'From then on',
            `Rewards stream to holders of ${lstSymbol}. Claim them whenever you like; the token itself stays worth its rate.`,
          ],
        ].map(([when, what], step) => (
          <li key={when} className="flex gap-3">
            <span
              aria-hidden="true"
              className="num grid size-6 shrink-0 place-items-center rounded-full bg-accent-soft text-xs font-semibold text-accent"
            >
              {step + 1}
            </span>
            <span>
              <span className="font-medium">{when}</span>
              <span className="block text-ink-soft">{what}</span>
            </span>
          </li>
        ))}
      </ol>
      <p className="mt-5 border-t border-line pt-4 text-sm text-ink-soft">
        If a validator is slashed, the loss lowers the rate for every holder alike, including people waiting in the
        queue.
      </p>
    </Card>
  )
}

function Pot({ overview }: { overview: Overview }) {
  const reserve = useQuery(reserveQuery)
  return (
    <Card title="All depositors together">
      <dl className="grid grid-cols-2 gap-5">
        <Stat label="Total staked value">
          <Coin value={wei(overview.tvl)} />
        </Stat>
        <Stat label="Depositors">
          <span className="num">{formatCount(overview.depositors)}</span>
        </Stat>
        <Stat label="Can be paid out now">
          <Coin value={wei(overview.instantLiquidity)} />
        </Stat>
        <Stat label="Waiting in the queue">
          <Coin value={wei(overview.totalQueued)} />
        </Stat>
        {reserve.data && wei(reserve.data.held) > 0n && (
          <Stat label="First-loss reserve" note="pays for a loss before the rate does">
            <Coin value={wei(reserve.data.held)} />
          </Stat>
        )}
      </dl>
    </Card>
  )
}

export function StakePage() {
  const { nativeSymbol, lstSymbol } = useAppConfig()
  const overview = useQuery(overviewQuery)
  return (
    <>
      <PageHead title="Stake">
        Deposit {nativeSymbol}, hold {lstSymbol}, earn rewards. You know how long an exit takes before you ask for one.
      </PageHead>
      <div className="grid grid-cols-1 items-start gap-5 lg:grid-cols-[minmax(0,7fr)_minmax(0,5fr)]">
        <div className="space-y-5">
          <DepositForm overview={overview.data} />
          <VaultCard />
        </div>
        <div className="space-y-5">
          <Loaded query={overview} rows={6}>
            {(data) => (
              <>
                <Journey overview={data} />
                <Pot overview={data} />
              </>
            )}
          </Loaded>
          <Later only={['vault', 'insurance']} />
        </div>
      </div>
    </>
  )
}
