import { useAppConfig } from '../chain/app-config'
import { useSleeves } from './basket-units'
import { Card } from './ui'

/** Core's own page for it, as its documentation names it. */
const BRIDGE = 'https://bridge.coredao.org/coreBTC'
const GUIDE = 'https://docs.coredao.org/docs/Learn/products/coreBTC/design'

/** The chain on which that coreBTC is. */
const CORE = 1116

const outside = 'text-accent underline underline-offset-2'

/** Somebody who holds BTC cannot deposit it: a contract holds tokens. Only where the basket holds coreBTC. */
export function BridgeCard() {
  const { chainId } = useAppConfig()
  const sleeve = useSleeves().find((each) => each.symbol === 'coreBTC' && !each.retired)
  if (!sleeve) return null
  return (
    <Card title="You hold BTC">
      <div className="space-y-3 text-sm text-ink-soft">
        <p>
          BTC itself stays on Bitcoin, where no contract can hold it. The basket takes coreBTC: a token on Core that
          Core’s bridge gives out one for one for BTC that you send to a locker on Bitcoin.
        </p>
        <ol className="list-decimal space-y-1.5 pl-5">
          <li>
            On{' '}
            <a href={BRIDGE} target="_blank" rel="noreferrer noopener" className={outside}>
              Core’s bridge<span className="sr-only"> (opens in a new tab)</span>
            </a>
            , choose BTC to coreBTC, connect a Bitcoin wallet, and name your address on Core.
          </li>
          <li>Check amount, fee and address, and send the BTC. A fee set too low can take days.</li>
          <li>Once the coreBTC is in your wallet, deposit it here.</li>
        </ol>
        <p>
          The bridge is not ours, and its lockers hold the BTC: read{' '}
          <a href={GUIDE} target="_blank" rel="noreferrer noopener" className={outside}>
            how it is secured<span className="sr-only"> (opens in a new tab)</span>
          </a>{' '}
          first. The way back to BTC is the same bridge.
        </p>
        {chainId !== CORE && <p>You are not on Core’s main network, which is where that coreBTC is.</p>}
      </div>
    </Card>
  )
}
