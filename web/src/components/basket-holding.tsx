import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { basketAccountQuery } from '../api/queries'
import { wei } from '../lib/amount'
import { Positions } from './basket-epochs'
import { BasketShares, PriceBadge } from './basket-units'
import { Card, Coin, Loaded, Stat } from './ui'

/** One holder's part of the basket: what it is worth, and what it waits for. */
export function BasketHolding({ address, mine }: { address: string; mine: boolean }) {
  const query = useInfiniteQuery(basketAccountQuery(address))
  return (
    <>
      <Card title="In the basket">
        <Loaded query={query}>
          {({ pages: [account] }) =>
            account && (
              <>
                <dl className="grid grid-cols-2 gap-x-4 gap-y-6 lg:grid-cols-3" data-testid="basket-holding">
                  <Stat label="Shares">
                    <BasketShares value={wei(account.shares)} />
                  </Stat>
                  <Stat label="Worth at least">
                    <Coin value={wei(account.worthLow)} />
                  </Stat>
                  <Stat
                    label="At most"
                    note={account.state === 'sound' ? undefined : <PriceBadge state={account.state} />}
                  >
                    {account.worthHigh === null ? 'not known' : <Coin value={wei(account.worthHigh)} />}
                  </Stat>
                </dl>
                {mine && (
                  <div className="mt-6 border-t border-line pt-5">
                    <Link
                      to="/basket"
                      className="inline-flex min-h-10 items-center rounded-control px-4 text-sm font-medium ring-1 ring-line-strong hover:bg-sunken"
                    >
                      Join or leave
                    </Link>
                  </div>
                )}
              </>
            )
          }
        </Loaded>
      </Card>
      <Positions address={address} mine={mine} title={mine ? 'My epochs' : 'Epochs'} />
    </>
  )
}
