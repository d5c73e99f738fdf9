import { PageHead } from '../components/ui'

export function StakePage() {
  return <PageHead title="Stake">…</PageHead>
}
