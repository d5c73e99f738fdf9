import type { ReactNode } from 'react'
import { useAppConfig, useBasket, useLiquid } from '../chain/app-config'
import { useShareSymbol, useSleeveName, useSleeves } from '../components/basket-units'
import { Later } from '../components/later'
import { Card, ChainLink, CopyButton, PageHead } from '../components/ui'

type Call = { what: ReactNode; signature: string; command: string }

function Step({ call }: { call: Call }) {
  return (
    <li className="py-4 first:pt-0 last:pb-0">
      <p className="text-sm">{call.what}</p>
      <div className="mt-2 rounded-control bg-sunken px-4 py-3">
        <code className="block text-[13px] font-medium break-words">{call.signature}</code>
        <code className="mt-1.5 block text-xs break-words text-ink-soft">{call.command}</code>
        <div className="mt-1.5">
          <CopyButton value={call.command} label="Copy the command" />
        </div>
      </div>
    </li>
  )
}

type Line = readonly [label: string, address: string]

function Where({ lines }: { lines: readonly Line[] }) {
  const { chainId, chainName } = useAppConfig()
  return (
    <Card title="Where">
      <dl className="space-y-3 text-sm">
        <div>
          <dt className="text-ink-soft">Network</dt>
          <dd className="font-medium">
            {chainName}, chain id {chainId}
          </dd>
        </div>
        {lines.map(([label, address]) => (
          <div key={label}>
            <dt className="text-ink-soft">{label}</dt>
            <dd className="break-all">
              <ChainLink kind="address" value={address} label={address} />
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  )
}

function Steps({ title, intro, calls }: { title: string; intro?: ReactNode; calls: readonly Call[] }) {
  return (
    <Card title={title}>
      {intro && <p className="mb-4 text-sm text-ink-soft">{intro}</p>}
      <ol className="divide-y divide-line">
        {calls.map((call) => (
          <Step key={call.signature} call={call} />
        ))}
      </ol>
    </Card>
  )
}

/** The command line's words for a call. */
function useCast() {
  const { rpcUrl } = useAppConfig()
  return {
    read: (to: string, call: string) => `cast call ${to} ${call} --rpc-url ${rpcUrl}`,
    send: (to: string, call: string) => `cast send ${to} ${call} --rpc-url ${rpcUrl} --interactive`,
  }
}

function LeaveBasket() {
  const { nativeSymbol } = useAppConfig()
  const { basket, token, queue, receipts, timelock } = useBasket()
  const { read, send } = useCast()
  const symbol = useShareSymbol()
  const sleeves = useSleeves()
  const name = useSleeveName()
  const kind: Call[] = [
    {
      what: `See how much ${symbol} you hold.`,
      signature: 'balanceOf(address) → shares',
      command: read(token, '"balanceOf(address)(uint256)" YOUR_ADDRESS'),
    },
    {
      what: 'Your part of every asset, now. No price, no fee, no approval; nobody can pause it.',
      signature: 'redeemInKind(uint256 shares, address recipient) → units, delivered',
      command: send(basket, '"redeemInKind(uint256,address)" SHARES_WEI YOUR_ADDRESS'),
    },
    {
      what: 'Did an asset’s system refuse? Your part of it waits in your name, in parts.',
      signature: 'waitingParts(address owner, uint256 sleeve) → parts',
      command: read(basket, '"waitingParts(address,uint256)(uint256)" YOUR_ADDRESS SLEEVE'),
    },
    {
      what: 'Try again, as often as it takes. Anybody may; it goes to the address that you named last.',
      signature: 'deliverLeg(address owner, uint256 sleeve) → units',
      command: send(basket, '"deliverLeg(address,uint256)" YOUR_ADDRESS SLEEVE'),
    },
  ]
  const epoch: Call[] = [
    {
      what: 'Ask to leave with today’s epoch, from 00:00 to 23:00 UTC. Until it closes your shares earn.',
      signature: 'requestRedeem(uint256 shares, address controller, address owner) → epoch',
      command: send(queue, '"requestRedeem(uint256,address,address)" SHARES_WEI YOUR_ADDRESS YOUR_ADDRESS'),
    },
    {
      what: 'Which epoch is open, and when is its close due?',
      signature: 'openEpoch() → epoch, time',
      command: read(queue, '"openEpoch()(uint256,uint256)"'),
    },
    {
      what: 'From 00:00 UTC on: close it. Anybody may; it asks nobody and cannot fail.',
      signature: 'closeEpoch() → epoch',
      command: send(queue, '"closeEpoch()"'),
    },
    {
      what: 'Start each leg: once for each asset. Anybody may; where a system refuses, nothing has changed, so try later.',
      signature: 'startLeg(uint256 epoch, uint256 sleeve)',
      command: send(queue, '"startLeg(uint256,uint256)" EPOCH SLEEVE'),
    },
    {
      what: 'A leg that could not start for 7 days: end it in its own token.',
      signature: 'startInKind(uint256 epoch, uint256 sleeve)',
      command: send(queue, '"startInKind(uint256,uint256)" EPOCH SLEEVE'),
    },
    {
      what: 'Bring in what came of a leg, as often as it takes. Anybody may.',
      signature: 'collect(uint256 epoch, uint256 sleeve) → paid, done',
      command: send(queue, '"collect(uint256,uint256)" EPOCH SLEEVE'),
    },
    {
      what: 'What could you claim now, leg by leg?',
      signature: 'claimable(uint256 epoch, address owner) → amounts, doneMask',
      command: read(queue, '"claimable(uint256,address)(uint256[],uint256)" EPOCH YOUR_ADDRESS'),
    },
    {
      what: 'Take it, to any address. The mask has a bit for each leg (1 for sleeve 0, 2 for sleeve 1, 4 for sleeve 2; 255 for all). A claim never expires.',
      signature: 'claim(uint256 epoch, address owner, uint256 legMask, address recipient) → paid',
      command: send(queue, '"claim(uint256,address,uint256,address)" EPOCH YOUR_ADDRESS 255 YOUR_ADDRESS'),
    },
  ]
  return (
    <div className="grid grid-cols-1 items-start gap-5 lg:grid-cols-2">
      <div className="space-y-5">
        <Steps title={`${symbol} in kind, now`} calls={kind} />
        <Where
          lines={[
            ['Basket', basket],
            [`Token (${symbol})`, token],
            ['Queue of epochs', queue],
            ['Receipts', receipts],
            ['Timelock', timelock],
            ...sleeves.map((sleeve): Line => [`Sleeve ${sleeve.id}: ${name(sleeve.id)}`, sleeve.address]),
          ]}
        />
      </div>
      <Steps
        title={`${symbol} by epoch`}
        intro={`Mostly paid in ${nativeSymbol}, without a price. Every step after the request is anybody’s.`}
        calls={epoch}
      />
    </div>
  )
}

function LeaveLiquid() {
  const { rpcUrl, nativeSymbol, lstSymbol, deploymentBlock } = useAppConfig()
  const contracts = useLiquid()
  const { minter, token } = contracts
  const { read, send } = useCast()

  const exit: Call[] = [
    {
      what: `See how much ${lstSymbol} you hold.`,
      signature: 'balanceOf(address) → amount',
      command: read(token, '"balanceOf(address)(uint256)" YOUR_ADDRESS'),
    },
    {
      what: 'Ask what an exit pays now, what is queued, and when that is claimable.',
      signature: 'quoteExit(uint256 amount) → now, queue, time',
      command: read(minter, '"quoteExit(uint256)(uint256,uint256,uint256,uint256,uint256,uint256,uint256)" AMOUNT_WEI'),
    },
    {
      what: 'Exit: what the buffer has is paid at once, the rest becomes a request. No approval is needed.',
      signature: 'unstake(uint256 amount) → paid now, request id',
      command: send(minter, '"unstake(uint256)" AMOUNT_WEI'),
    },
    {
      what: 'Find your request’s id again: it is the first indexed field of this event, filtered by your address.',
      signature: 'ExitRequested(uint256 id, address owner, uint256 lst, uint16 hint)',
      command: `cast logs --address ${minter} --from-block ${deploymentBlock} "ExitRequested(uint256 indexed,address indexed,uint256,uint16)" "" YOUR_ADDRESS --rpc-url ${rpcUrl}`,
    },
    {
      what: 'Ask when it is claimable. 0 means: now, after one finalize().',
      signature: 'exitEta(uint256 id) → time, revised',
      command: read(minter, '"exitEta(uint256)(uint256,bool)" REQUEST_ID'),
    },
    {
      what: 'Take your coins. A request never expires, and no pause stops this.',
      signature: 'withdraw(address recipient, uint256 id) → paid',
      command: send(minter, '"withdraw(address,uint256)" YOUR_ADDRESS REQUEST_ID'),
    },
    {
      what: `Take your rewards, in ${nativeSymbol}, without a fee.`,
      signature: 'unstakeRewards() → paid',
      command: send(minter, '"unstakeRewards()"'),
    },
  ]

  const keeper: Call[] = [
    {
      what: 'Close the open rung, so that the requests in it join the line.',
      signature: 'closeRung()',
      command: send(minter, '"closeRung()"'),
    },
    {
      what: 'Send stake for the line into cooldown, through buckets that are free.',
      signature: 'processBatchUnstake()',
      command: send(minter, '"processBatchUnstake()"'),
    },
    {
      what: 'Bring back what has cooled, for one validator, at most so many buckets.',
      signature: 'sweepMaturedBuckets(uint16 validatorId, uint256 maxToSweep)',
      command: send(minter, '"sweepMaturedBuckets(uint16,uint256)" VALIDATOR_ID 20'),
    },
    {
      what: 'If a validator was slashed: book its loss. Anybody may, at once; until then nothing is paid.',
      signature: 'bookSlash(uint16 validatorId)',
      command: send(minter, '"bookSlash(uint16)" VALIDATOR_ID'),
    },
    {
      what: 'Give what came back to the head of the line. Anybody may, always.',
      signature: 'finalize()',
      command: send(minter, '"finalize()"'),
    },
  ]

  return (
    <div className="grid grid-cols-1 items-start gap-5 lg:grid-cols-2">
      <Steps title="Your own exit" calls={exit} />
      <div className="space-y-5">
        <Where
          lines={[
            ['Minter (deposits and exits)', minter],
            [`Token (${lstSymbol})`, token],
            ['Rewards', contracts.rewards],
            ['Bucket factory', contracts.factory],
            ['Staking system of the chain', contracts.staking],
          ]}
        />
        <Steps
          title="If the keepers are gone"
          intro="Some time after a step is overdue (6 hours by default) anybody may do it. No call below takes an amount or a recipient, so helping the line can harm nobody. In this order:"
          calls={keeper}
        />
        <Later />
      </div>
    </div>
  )
}

export function LeavePage() {
  const { liquid, basket, explorerUrl } = useAppConfig()
  return (
    <>
      <PageHead title="Leave without us">
        Your exit does not depend on this page, on our servers or on our keepers. These are the contract calls, for any
        wallet
        {explorerUrl ? ', the explorer' : ''} or a command line.
      </PageHead>
      <div className="space-y-5">
        {liquid && <LeaveLiquid />}
        {basket && <LeaveBasket />}
      </div>
    </>
  )
}
