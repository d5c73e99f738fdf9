import { PageHead } from '../components/ui'

export function DashboardPage() {
  return <PageHead title="Dashboard">…</PageHead>
}
