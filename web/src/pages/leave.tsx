import { PageHead } from '../components/ui'

export function LeavePage() {
  return <PageHead title="Leave">…</PageHead>
}
