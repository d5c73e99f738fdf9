import {
  GovAccountCard,
  GuardianCard,
  ProposalsCard,
  ProposeCard,
  RulesCard,
  TimelockCard,
} from '../components/governance'
import { PageHead } from '../components/ui'

export function GovernPage() {
  return (
    <>
      <PageHead title="Govern">
        Weights, fees and new assets of the basket are decided by GOV holders: a vote, then a delay longer than the
        longest exit. No vote touches an exit in kind.
      </PageHead>
      {/* On a phone, one's own votes come before what is to be voted on, and the rules after it. */}
      <div className="grid grid-cols-1 items-start gap-5 lg:grid-cols-[minmax(0,7fr)_minmax(0,5fr)] lg:grid-rows-[auto_1fr]">
        <div className="order-2 min-w-0 space-y-5 lg:order-none lg:row-span-2">
          <ProposalsCard />
          <ProposeCard />
        </div>
        <div className="order-1 min-w-0 lg:order-none">
          <GovAccountCard />
        </div>
        <div className="order-3 min-w-0 space-y-5 lg:order-none">
          <TimelockCard />
          <GuardianCard />
          <RulesCard />
        </div>
      </div>
    </>
  )
}
