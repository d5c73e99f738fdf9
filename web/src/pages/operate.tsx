import { PageHead } from '../components/ui'

export function OperatePage() {
  return <PageHead title="Operate">…</PageHead>
}
