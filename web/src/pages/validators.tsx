import { PageHead } from '../components/ui'

export function ValidatorsPage() {
  return <PageHead title="Validators">…</PageHead>
}
