import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { governanceAccountQuery, governanceQuery, proposalsQuery, sleevesQuery, timelockQuery } from '../api/queries'
import type { BasketSleeve, Governance, GovernanceAccount, GovernanceCall, Operation, Proposal } from '../api/types'
import { govAbi, governorAbi } from '../generated/abi'
import { useAppConfig, useBasket } from '../chain/app-config'
import { useChainNow } from '../chain/use-clock'
import { isBusy, useTx } from '../chain/use-tx'
import { formatBps, wei } from '../lib/amount'
import { parseWeights, percentInput, setWeights, unitOf } from '../lib/basket'
import {
  callsOf,
  describe,
  OPERATION,
  PROPOSAL,
  proposeArgs,
  SUPPORT,
  tallyOf,
  tellCall,
  type Support,
} from '../lib/governance'
import { displayName, readAddress } from '../lib/text'
import { formatAgo, formatDate, formatDuration } from '../lib/time'
import { AddressField } from './address-field'
import { PARTS } from './basket-facts'
import { fillOf, useSleeveName, useSleeves } from './basket-units'
import { TxStatus, txLabel } from './tx-status'
import {
  Amount,
  Badge,
  Button,
  Card,
  ChainLink,
  Empty,
  Fact,
  Facts,
  Failure,
  Loaded,
  MoreButton,
  Notice,
  Stat,
  When,
} from './ui'
import { ConnectButton, useReadyWallet } from './wallet'

function useGovSymbol(): string {
  return displayName(useQuery(governanceQuery).data?.symbol, 'GOV')
}

/** An amount of GOV. */
export function Gov({ value }: { value: bigint }) {
  return <Amount value={value} unit={useGovSymbol()} />
}

function useAccount() {
  const wallet = useReadyWallet()
  return useQuery({ ...governanceAccountQuery(wallet.address ?? ''), enabled: wallet.address !== undefined })
}

function Delegation({ account }: { account: GovernanceAccount }) {
  const { gov } = useBasket()
  const wallet = useReadyWallet()
  const { state, send } = useTx()
  const [text, setText] = useState('')
  const symbol = useGovSymbol()
  const other = readAddress(text)
  const me = wallet.address
  const self = account.delegate?.toLowerCase() === me?.toLowerCase()
  const off = !wallet.ready || isBusy(state)
  const delegate = (to: string) => void send({ address: gov, abi: govAbi, functionName: 'delegate', args: [to] })
  return (
    <div className="space-y-3">
      <p className="text-sm text-ink-soft" data-testid="gov-delegate">
        {account.delegate === null ? (
          `Your ${symbol} does not vote: it has no delegate. Make yourself one, or name somebody.`
        ) : self ? (
          `You vote with your own ${symbol}.`
        ) : (
          <>
            Your {symbol} is voted with by <ChainLink kind="address" value={account.delegate} />.
          </>
        )}{' '}
        A delegate votes and cannot move anything. What is delegated now counts in votes that begin later.
      </p>
      {!self && (
        <Button disabled={off || me === undefined} onClick={() => me && delegate(me)} data-testid="delegate-self">
          {txLabel(state, 'Vote myself')}
        </Button>
      )}
      <details className="text-sm">
        <summary className="min-h-6 text-accent">Let somebody else vote</summary>
        <div className="mt-3 flex flex-wrap items-start gap-x-3">
          <AddressField label="Who votes with your GOV" text={text} onText={setText} testId="delegate-to" />
          <Button
            look="quiet"
            className="sm:mt-[1.9rem]"
            disabled={off || !other}
            onClick={() => other && delegate(other)}
            data-testid="delegate-other"
          >
            Delegate
          </Button>
        </div>
      </details>
      <div data-testid="delegate-status">
        <TxStatus state={state} done="It counts in every vote that begins from now on." />
      </div>
    </div>
  )
}

/** What the connected account holds, and who votes with it. */
export function GovAccountCard() {
  const wallet = useReadyWallet()
  const account = useAccount()
  return (
    <Card title="My votes">
      {wallet.address ? (
        <Loaded query={account}>
          {(data) => (
            <div className="space-y-5">
              <dl className="grid grid-cols-2 gap-5">
                <Stat label="In my wallet">
                  <Gov value={wei(data.balance)} />
                </Stat>
                <Stat label="I vote with" note={data.canPropose ? 'enough to propose' : 'too little to propose'}>
                  <Gov value={wei(data.votes)} />
                </Stat>
              </dl>
              <Delegation account={data} />
            </div>
          )}
        </Loaded>
      ) : (
        <ConnectButton wide label="Connect a wallet to vote" />
      )}
    </Card>
  )
}

/** What a decision calls: said in words, and the call itself. */
function Calls({ calls }: { calls: readonly GovernanceCall[] }) {
  const { nativeSymbol } = useAppConfig()
  const name = useSleeveName()
  const names = useSleeves().map((sleeve) => name(sleeve.id))
  return (
    <ul className="space-y-2 text-sm">
      {calls.map((call, line) => {
        const told = tellCall(call, names, nativeSymbol)
        return (
          <li key={`${call.target}-${line}`}>
            <span className="block font-medium break-words">{told.what}</span>
            <code className="block text-xs break-all text-ink-soft">{told.how}</code>
            <span className="text-xs text-ink-faint">
              {call.contract === null && 'Not a contract of this deployment: '}
              <ChainLink kind="address" value={call.target} />
              {wei(call.value) > 0n && (
                <>
                  {' with '}
                  <Amount value={wei(call.value)} unit={nativeSymbol} />
                </>
              )}
            </span>
          </li>
        )
      })}
    </ul>
  )
}

function TallyBar({ proposal }: { proposal: Proposal }) {
  const quorum = proposal.quorum === null ? null : wei(proposal.quorum)
  const tally = tallyOf(proposal.votes, quorum)
  const rows = [
    { word: 'For', bps: tally.for, votes: proposal.votes.forVotes, fill: 'bg-active' },
    { word: 'Abstain', bps: tally.abstain, votes: proposal.votes.abstainVotes, fill: 'bg-idle' },
    { word: 'Against', bps: tally.against, votes: proposal.votes.againstVotes, fill: 'bg-bad' },
  ]
  return (
    <div>
      <div
        role="img"
        aria-label={`${rows.map((row) => `${row.word} ${formatBps(row.bps)}`).join(', ')} of the scale${tally.quorum === null ? '' : `; the quorum is at ${formatBps(tally.quorum)}, counting for and abstain`}`}
        className="relative py-1"
      >
        <div className="flex h-3 overflow-hidden rounded-full bg-line">
          {rows.map((row) => (
            <div key={row.word} className={row.fill} style={{ width: `${row.bps / 100}%` }} />
          ))}
        </div>
        {tally.quorum !== null && (
          <div
            className="absolute inset-y-0 w-0.5 -translate-x-1/2 bg-ink"
            style={{ left: `${Math.min(tally.quorum, 9_980) / 100}%` }}
          />
        )}
      </div>
      <dl className="mt-2 grid grid-cols-3 gap-3 text-xs">
        {rows.map((row) => (
          <div key={row.word}>
            <dt className="flex items-center gap-1.5 text-ink-soft">
              <span aria-hidden="true" className={`size-2 rounded-sm ${row.fill}`} />
              {row.word}
            </dt>
            <dd className="font-medium [&_.num]:whitespace-normal">
              <Gov value={wei(row.votes)} />
            </dd>
          </div>
        ))}
      </dl>
      <p className="mt-2 text-xs text-ink-soft">
        {quorum === null ? (
          'The quorum is counted when the vote begins.'
        ) : (
          <>
            Quorum <Gov value={quorum} />, by for and abstain: {tally.reached ? 'reached' : 'not reached'}
          </>
        )}
      </p>
    </div>
  )
}

function ProposalActions({ proposal, account }: { proposal: Proposal; account: GovernanceAccount | undefined }) {
  const { governor } = useBasket()
  const wallet = useReadyWallet()
  const now = useChainNow()
  const { state, send } = useTx()
  const [done, setDone] = useState('')
  const off = !wallet.ready || isBusy(state)
  const id = BigInt(proposal.id)
  const mine = account?.cast.items.find((vote) => vote.proposal === proposal.id)
  const act = (words: string, functionName: 'castVote' | 'queue' | 'execute', args: readonly unknown[]) => {
    setDone(words)
    void send({ address: governor, abi: governorAbi, functionName, args })
  }
  const vote = (support: Support) => act('Your vote is counted.', 'castVote', [id, SUPPORT[support]])
  const decision = callsOf(proposal.calls, proposal.description)
  const due = proposal.eta !== null && proposal.eta <= now
  const words: Record<Support, string> = { for: 'For', against: 'Against', abstain: 'Abstain' }
  return (
    <div className="space-y-3">
      {proposal.state === 'active' &&
        (mine ? (
          <p className="text-sm" data-testid={`voted-${proposal.id}`}>
            You voted <span className="font-medium">{words[mine.support].toLowerCase()}</span> with{' '}
            <Gov value={wei(mine.weight)} />.
          </p>
        ) : wallet.connected ? (
          <div className="flex flex-wrap gap-3" role="group" aria-label="Vote">
            {(['for', 'against', 'abstain'] as const).map((support) => (
              <Button
                key={support}
                look={support === 'for' ? 'primary' : 'quiet'}
                disabled={off}
                onClick={() => vote(support)}
                data-testid={`vote-${support}-${proposal.id}`}
              >
                {txLabel(state, words[support])}
              </Button>
            ))}
          </div>
        ) : (
          <ConnectButton label="Connect a wallet to vote" />
        ))}
      {proposal.state === 'succeeded' && wallet.connected && (
        <Button
          disabled={off}
          onClick={() => act('It is in the timelock; its delay runs.', 'queue', decision)}
          data-testid={`queue-${proposal.id}`}
        >
          {txLabel(state, 'Queue it')}
        </Button>
      )}
      {proposal.state === 'queued' && wallet.connected && (
        <Button
          disabled={off || !due}
          onClick={() => act('The decision holds from now on.', 'execute', decision)}
          data-testid={`execute-${proposal.id}`}
        >
          {txLabel(state, due ? 'Carry it out' : 'Not due yet')}
        </Button>
      )}
      <TxStatus state={state} done={done} />
    </div>
  )
}

/** When the next thing happens to a proposal, and who may do it. */
function Next({ proposal }: { proposal: Proposal }) {
  const now = useChainNow()
  switch (proposal.state) {
    case 'pending':
      return (
        <>
          The vote begins <When at={proposal.voteStart} now={now} />
        </>
      )
    case 'active':
      return (
        <>
          The vote ends <When at={proposal.voteEnd} now={now} />
          {proposal.extended && ', put off because the quorum came late'}
        </>
      )
    case 'succeeded':
      return <>Anybody may put it into the timelock now</>
    case 'queued':
      return (
        <>
          Due <When at={proposal.eta} now={now} />. Then anybody may carry it out
        </>
      )
    default:
      return <>The vote ended {formatDate(proposal.voteEnd, now)}</>
  }
}

function ProposalItem({ proposal, account }: { proposal: Proposal; account: GovernanceAccount | undefined }) {
  const now = useChainNow()
  const { title, rest } = describe(proposal.description)
  const shown = PROPOSAL[proposal.state]
  return (
    <li
      className="space-y-4 py-6 first:pt-0 last:pb-0"
      data-testid={`proposal-${proposal.id}`}
      data-state={proposal.state}
    >
      <div>
        <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1">
          <h3 className="min-w-0 font-semibold break-words">{title}</h3>
          <Badge tone={shown.tone}>{shown.words}</Badge>
        </div>
        <p className="mt-0.5 text-xs text-ink-faint">
          by <ChainLink kind="address" value={proposal.proposer} /> {formatAgo(proposal.createdAt, now)} ·{' '}
          <ChainLink kind="tx" value={proposal.txHash} label="transaction" />
        </p>
        {rest.map((line, i) => (
          <p key={`${i}-${line.slice(0, 12)}`} className="mt-1 text-sm break-words text-ink-soft">
            {line}
          </p>
        ))}
      </div>
      <Calls calls={proposal.calls} />
      <TallyBar proposal={proposal} />
      <p className="text-sm text-ink-soft">
        <Next proposal={proposal} />
        {proposal.onlyRemovesGuardian && '. It only ends the guardian’s mandate, so the guardian cannot cancel it'}.
      </p>
      <ProposalActions proposal={proposal} account={account} />
    </li>
  )
}

/** All proposals, newest first. */
export function ProposalsCard() {
  const query = useInfiniteQuery(proposalsQuery)
  const account = useAccount()
  return (
    <Card title="Proposals">
      <Loaded query={query} rows={6}>
        {({ pages }) => {
          const all = pages.flatMap((page) => page.items)
          if (all.length === 0) return <Empty>Nothing has been proposed yet.</Empty>
          return (
            <>
              <ul className="divide-y divide-line">
                {all.map((proposal) => (
                  <ProposalItem key={proposal.id} proposal={proposal} account={account.data} />
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

function OperationItem({ operation }: { operation: Operation }) {
  const now = useChainNow()
  const shown = OPERATION[operation.state]
  return (
    <li className="space-y-2 py-4 first:pt-0 last:pb-0">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1 text-sm">
        <span className="text-ink-soft">
          {operation.readyAt === null ? (
            `scheduled ${formatDate(operation.scheduledAt, now)}`
          ) : (
            <>
              due <When at={operation.readyAt} now={now} />
            </>
          )}
        </span>
        <Badge tone={shown.tone}>{shown.words}</Badge>
      </div>
      <Calls calls={operation.calls} />
    </li>
  )
}

/** What is decided and waits. */
export function TimelockCard() {
  const query = useQuery(timelockQuery)
  return (
    <Card title="Timelock" aside="slower than every exit">
      <Loaded query={query}>
        {(timelock) => (
          <>
            <p className="mb-4 text-sm text-ink-soft">
              A decision waits {formatDuration(timelock.delay)}; the longest exit takes{' '}
              {formatDuration(timelock.longestExit)}. Whoever dislikes it has left before it holds.
            </p>
            {timelock.operations.items.length === 0 ? (
              <Empty>Nothing is scheduled.</Empty>
            ) : (
              <ul className="divide-y divide-line">
                {timelock.operations.items.map((operation) => (
                  <OperationItem key={operation.id} operation={operation} />
                ))}
              </ul>
            )}
          </>
        )}
      </Loaded>
    </Card>
  )
}

/** Who may stop what, for how long, and what nobody can stop. */
export function GuardianCard() {
  const query = useQuery(governanceQuery)
  const now = useChainNow()
  return (
    <Card title="Guardian">
      <Loaded query={query}>
        {({ guardian }) => (
          <div className="space-y-4 text-sm">
            <p>
              {guardian.holder === null || !guardian.acting ? (
                'Nobody holds the mandate.'
              ) : (
                <>
                  <ChainLink kind="address" value={guardian.holder} /> holds the mandate until{' '}
                  {guardian.until !== null && formatDate(guardian.until, now)}. It ends by itself unless a vote renews
                  it.
                </>
              )}
            </p>
            <div>
              <h3 className="font-semibold">It can</h3>
              <ul className="mt-1 list-disc space-y-1 pl-5 text-ink-soft">
                <li>cancel a proposal before it is carried out, except one that only ends this mandate</li>
                <li>pause deposits and mints, instant exits, and auctions: each for 7 days in 30 at most</li>
              </ul>
            </div>
            <div>
              <h3 className="font-semibold">It cannot</h3>
              <ul className="mt-1 list-disc space-y-1 pl-5 text-ink-soft">
                <li>stop exits in kind, epochs or claims: no contract has a switch for that</li>
                <li>move an asset, change a weight or a fee, or propose</li>
              </ul>
            </div>
            {guardian.acting && (
              <ul className="space-y-1 border-t border-line pt-3 text-xs text-ink-soft">
                {guardian.pauses.map((pause) => (
                  <li key={pause.part}>
                    {PARTS[pause.part].replace(/ are$/, '')}:{' '}
                    {pause.from <= now
                      ? 'may be paused now'
                      : `may be paused again from ${formatDate(pause.from, now)}`}
                  </li>
                ))}
              </ul>
            )}
          </div>
        )}
      </Loaded>
    </Card>
  )
}

function Rules({ rules }: { rules: Governance }) {
  return (
    <Facts>
      <Fact label="To propose">
        <Gov value={wei(rules.proposalThreshold)} />
      </Fact>
      <Fact label="Then until the vote begins">{formatDuration(rules.votingDelay)}</Fact>
      <Fact label="The vote takes" hint={`${formatDuration(rules.lateQuorumExtension)} at least after a late quorum`}>
        {formatDuration(rules.votingPeriod)}
      </Fact>
      <Fact
        label="Quorum, for and abstain"
        hint={
          <>
            never below <Gov value={wei(rules.quorumFloor)} />
          </>
        }
      >
        <Gov value={wei(rules.quorum)} />
      </Fact>
      <Fact label="Then the timelock">{formatDuration(rules.timelockDelay)}</Fact>
      <Fact label="Undistributed" hint="in the timelock; it does not vote">
        <Gov value={wei(rules.undistributed)} />
      </Fact>
      <Fact label="In all">
        <Gov value={wei(rules.supply)} />
      </Fact>
    </Facts>
  )
}

export function RulesCard() {
  const query = useQuery(governanceQuery)
  return (
    <Card title="How it is decided">
      <Loaded query={query} rows={5}>
        {(rules) => <Rules rules={rules} />}
      </Loaded>
    </Card>
  )
}

function WeightsForm({
  sleeves,
  account,
}: {
  sleeves: readonly BasketSleeve[]
  account: GovernanceAccount | undefined
}) {
  const id = useId()
  const config = useAppConfig()
  const { basket, governor } = useBasket()
  const wallet = useReadyWallet()
  const { state, send, reset } = useTx()
  const [texts, setTexts] = useState<readonly string[] | null>(null)
  const [why, setWhy] = useState('')
  const now = sleeves.map((sleeve) => percentInput(sleeve.targetBps))
  const typed = sleeves.map((_, i) => texts?.[i] ?? now[i] ?? '')
  const read = parseWeights(
    typed,
    sleeves.map((sleeve) => sleeve.retired),
  )
  const changed = read.ok && read.bps.some((bps, i) => bps !== sleeves[i]?.targetBps)
  const type = (at: number, text: string) => {
    setTexts(typed.map((each, i) => (i === at ? text : each)))
    if (!isBusy(state)) reset()
  }
  const propose = async () => {
    if (!read.ok || !wallet.address) return
    const ok = await send({
      address: governor,
      abi: governorAbi,
      functionName: 'propose',
      args: proposeArgs([setWeights(basket, read.bps)], why, wallet.address),
    })
    if (ok) {
      setTexts(null)
      setWhy('')
    }
  }
  const missing = 10_000 - read.sum
  const problem = read.ok
    ? changed
      ? null
      : 'These are the weights that hold now.'
    : missing === 0
      ? 'Each weight is a share of 0 to 100 %, with two decimals at most.'
      : missing > 0
        ? `${formatBps(read.sum)} in all: ${formatBps(missing)} is missing to 100 %.`
        : `${formatBps(read.sum)} in all: ${formatBps(-missing)} too much.`
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault()
        void propose()
      }}
    >
      <ul className="space-y-3">
        {sleeves.map((sleeve, i) =>
          sleeve.retired ? null : (
            <li key={sleeve.id} className="flex items-center justify-between gap-4">
              <label htmlFor={`${id}-${sleeve.id}`} className="flex min-w-0 items-center gap-2 text-sm font-medium">
                <span
                  aria-hidden="true"
                  className="size-2.5 shrink-0 rounded-sm"
                  style={{ background: fillOf(sleeve.id) }}
                />
                {unitOf({ ...sleeve, decimals: 18 }, config.nativeSymbol).unit}
                <span className="font-normal text-ink-soft">now {formatBps(sleeve.targetBps)}</span>
              </label>
              <span className="flex items-center gap-2">
                <input
                  id={`${id}-${sleeve.id}`}
                  value={typed[i]}
                  onChange={(event) => type(i, event.target.value)}
                  inputMode="decimal"
                  autoComplete="off"
                  maxLength={8}
                  aria-invalid={!read.ok && read.problems[i] !== null}
                  aria-describedby={`${id}-note`}
                  data-testid={`weight-${sleeve.id}`}
                  className="num h-10 w-24 rounded-control bg-sunken px-3 text-right text-sm ring-1 ring-line-strong"
                />
                <span className="text-sm text-ink-soft">%</span>
              </span>
            </li>
          ),
        )}
      </ul>
      <p
        id={`${id}-note`}
        aria-live="polite"
        className={`min-h-5 text-sm ${read.ok ? 'text-ink-soft' : 'text-bad'}`}
        data-testid="weights-note"
      >
        {problem ?? '100 % in all.'}
      </p>
      <div>
        <label htmlFor={`${id}-why`} className="text-sm font-medium">
          Why
        </label>
        <textarea
          id={`${id}-why`}
          value={why}
          onChange={(event) => setWhy(event.target.value)}
          rows={3}
          maxLength={2_000}
          data-testid="weights-why"
          className="mt-1.5 w-full rounded-control bg-sunken px-3 py-2 text-sm ring-1 ring-line-strong"
        />
        <p className="text-xs text-ink-faint">The first line is the title. It goes on chain and stays there.</p>
      </div>
      {wallet.connected && account && !account.canPropose && (
        <Notice tone="neutral" title="Too few votes to propose">
          A proposer needs the votes that “How it is decided” names. Delegate your GOV to yourself, or find somebody who
          proposes for you.
        </Notice>
      )}
      {wallet.connected ? (
        <Button
          type="submit"
          wide
          data-testid="propose-weights"
          disabled={
            !wallet.ready || !read.ok || !changed || why.trim() === '' || account?.canPropose !== true || isBusy(state)
          }
        >
          {txLabel(
            state,
            !wallet.ready
              ? 'Switch network first'
              : !read.ok
                ? 'The weights must be 100 % in all'
                : changed && why.trim() === ''
                  ? 'Say why first'
                  : 'Propose',
          )}
        </Button>
      ) : (
        <ConnectButton wide label="Connect a wallet to propose" />
      )}
      <div data-testid="propose-status">
        <TxStatus state={state} done="It is proposed, and listed above with the beginning of its vote." />
      </div>
    </form>
  )
}

/** A proposal of new target weights, encoded here. */
export function ProposeCard() {
  const sleeves = useQuery(sleevesQuery)
  const account = useAccount()
  return (
    <Card title="Propose new weights">
      <p className="mb-4 text-sm text-ink-soft">
        Target weights only say what deposits and auctions move the basket towards. Nothing is sold or unbonded when
        they change.
      </p>
      {account.error && <Failure error={account.error} retry={() => account.refetch()} />}
      <Loaded query={sleeves} rows={5}>
        {(data) => <WeightsForm sleeves={data.sleeves} account={account.data} />}
      </Loaded>
    </Card>
  )
}
