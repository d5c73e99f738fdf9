import { useAppConfig } from '../chain/app-config'
import { Badge, Card } from './ui'

const LATER = {
  vault: ['Compounding vault', 'Rewards reinvested for you in an ERC-4626 share.'],
  amm: ['Market exit', 'Sell to a pool when its price beats the instant fee.'],
  receipts: ['Exit receipts', 'Hand over or sell a place in the queue as a token.'],
  asyncExit: ['ERC-7540 exits', 'Requests through the standard asynchronous vault calls.'],
  insurance: ['First-loss reserve', 'A funded reserve that takes a loss before the rate does.'],
} as const

/** What this deployment does not have yet, said plainly. Shows nothing once all of it is there. */
export function Later({ only }: { only?: readonly (keyof typeof LATER)[] }) {
  const { features } = useAppConfig()
  const missing = (only ?? (Object.keys(LATER) as (keyof typeof LATER)[])).filter((name) => !features[name])
  if (missing.length === 0) return null
  return (
    <Card title="Not enabled yet">
      <ul className="space-y-3 text-sm">
        {missing.map((name) => (
          <li key={name} className="flex items-start justify-between gap-4">
            <span>
              <span className="font-medium">{LATER[name][0]}</span>
              <span className="block text-ink-soft">{LATER[name][1]}</span>
            </span>
            <Badge>Not enabled</Badge>
          </li>
        ))}
      </ul>
    </Card>
  )
}
