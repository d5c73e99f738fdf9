import { useState } from 'react'
import { useAppConfig, useBasket } from '../chain/app-config'
import { Dialog } from './dialog'
import { Button } from './ui'

/** Kept in this browser only: nobody else is told, and another browser asks again. */
const keyOf = (chainId: number, basket: string) => `omnibus.risks.${chainId}.${basket.toLowerCase()}`

function known(key: string): boolean {
  try {
    return localStorage.getItem(key) === '1'
  } catch {
    return false
  }
}

/** Before the first deposit from this browser the risks are shown; `ask` goes on at once when they were. */
export function useRisks() {
  const { chainId } = useAppConfig()
  const { basket } = useBasket()
  const key = keyOf(chainId, basket)
  const [waiting, setWaiting] = useState<(() => void) | null>(null)
  const [accepted, setAccepted] = useState(() => known(key))
  const ask = (then: () => void) => {
    if (accepted) then()
    else setWaiting(() => then)
  }
  const accept = () => {
    try {
      localStorage.setItem(key, '1')
    } catch {
      // Storage is blocked: it holds until the page is closed.
    }
    setAccepted(true)
    setWaiting(null)
    waiting?.()
  }
  const dialog = (
    <Dialog title="Before your first deposit" open={waiting !== null} onClose={() => setWaiting(null)}>
      <Risks onAccept={accept} />
    </Dialog>
  )
  return { ask, dialog }
}

function Risks({ onAccept }: { onAccept: () => void }) {
  const { nativeSymbol } = useAppConfig()
  const [read, setRead] = useState(false)
  return (
    <div className="space-y-4 text-sm">
      <ul className="list-disc space-y-2 pl-5 text-ink-soft">
        <li>No outside party has audited the contracts. Do not put in what you need.</li>
        <li>
          A share is worth what its assets are worth. They can lose: by their staking systems, by whoever can change
          those, by the BTC token’s issuers, or by a fault in a contract.
        </li>
        <li>
          Leaving in kind always works, and brings the assets, not {nativeSymbol}. Coins at once are paid only as far as
          idle coins reach and while all prices are sound.
        </li>
        <li>
          Whoever holds enough GOV decides weights, fees and new assets, after a delay longer than the longest exit.
        </li>
      </ul>
      <p>
        <a href="/risks" target="_blank" rel="noreferrer" className="text-accent underline underline-offset-2">
          All known risks<span className="sr-only"> (opens in a new tab)</span>
        </a>
      </p>
      <label className="flex items-start gap-3">
        <input
          type="checkbox"
          checked={read}
          onChange={(event) => setRead(event.target.checked)}
          data-testid="risks-read"
          className="mt-0.5 size-5 shrink-0 accent-(--accent)"
        />
        <span>I have read this, and I can bear to lose what I put in.</span>
      </label>
      <Button wide disabled={!read} onClick={onAccept} data-testid="risks-accept">
        Go on
      </Button>
    </div>
  )
}
