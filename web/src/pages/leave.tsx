import type { ReactNode } from 'react'
import { useAppConfig } from '../chain/app-config'
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

export function LeavePage() {
  const { contracts, rpcUrl, nativeSymbol, lstSymbol, chainId, chainName, explorerUrl, deploymentBlock } =
    useAppConfig()
  const { minter, token } = contracts
  const read = (to: string, call: string) => `cast call ${to} ${call} --rpc-url ${rpcUrl}`
  const send = (to: string, call: string) => `cast send ${to} ${call} --rpc-url ${rpcUrl} --interactive`

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
    <>
      <PageHead title="Leave without us">
        Your exit does not depend on this page, on our servers or on our keepers. These are the contract calls, for any
        wallet
        {explorerUrl ? ', the explorer' : ''} or a command line.
      </PageHead>
      <div className="grid grid-cols-1 items-start gap-5 lg:grid-cols-2">
        <Card title="Your own exit">
          <ol className="divide-y divide-line">
            {exit.map((call) => (
              <Step key={call.signature} call={call} />
            ))}
          </ol>
        </Card>
        <div className="space-y-5">
          <Card title="Where">
            <dl className="space-y-3 text-sm">
              <div>
                <dt className="text-ink-soft">Network</dt>
                <dd className="font-medium">
                  {chainName}, chain id {chainId}
                </dd>
              </div>
              {(
                [
                  ['Minter (deposits and exits)', minter],
                  [`Token (${lstSymbol})`, token],
                  ['Rewards', contracts.rewards],
                  ['Bucket factory', contracts.factory],
                  ['Staking system of the chain', contracts.staking],
                ] as const
              ).map(([label, address]) => (
                <div key={label}>
                  <dt className="text-ink-soft">{label}</dt>
                  <dd className="break-all">
                    <ChainLink kind="address" value={address} label={address} />
                  </dd>
                </div>
              ))}
            </dl>
          </Card>
          <Card title="If the keepers are gone">
            <p className="mb-4 text-sm text-ink-soft">
              Some time after a step is overdue (6 hours by default) anybody may do it. No call below takes an amount or
              a recipient, so helping the line can harm nobody. In this order:
            </p>
            <ol className="divide-y divide-line">
              {keeper.map((call) => (
                <Step key={call.signature} call={call} />
              ))}
            </ol>
          </Card>
          <Later />
        </div>
      </div>
    </>
  )
}
