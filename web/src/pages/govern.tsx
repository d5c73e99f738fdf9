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
      <div className="grid grid-cols-1 items-start gap-5 lg:grid-cols-[minmax(0,7fr)_minmax(0,5fr)]">
        <div className="space-y-5">
          <ProposalsCard />
          <ProposeCard />
        </div>
        <div className="order-first space-y-5 lg:order-none">
          <GovAccountCard />
          <TimelockCard />
          <GuardianCard />
          <RulesCard />
        </div>
      </div>
    </>
  )
}
