import { PageHead } from '../components/ui'

export function ExitPage() {
  return <PageHead title="Exit">…</PageHead>
}
