import { Link } from '@tanstack/react-router'
import { useAppConfig } from '../chain/app-config'
import { EpochsCard, Positions } from '../components/basket-epochs'
import { HistoryCard, NavCard, PricesCard, WeightsCard } from '../components/basket-facts'
import { BasketIn } from '../components/basket-in'
import { BasketOut } from '../components/basket-out'
import { useShareSymbol } from '../components/basket-units'
import { BridgeCard } from '../components/bridge'
import { Card, Notice, PageHead } from '../components/ui'
import { useReadyWallet } from '../components/wallet'

export function BasketPage() {
  const { nativeSymbol } = useAppConfig()
  const symbol = useShareSymbol()
  const wallet = useReadyWallet()
  return (
    <>
      <PageHead title="Basket">
        One token, {symbol}, for a part of several staked positions. Join with one asset or with all; leave for{' '}
        {nativeSymbol}, in kind, or by the day’s epoch.{' '}
        <Link to="/risks" className="text-accent underline underline-offset-2">
          Known risks
        </Link>
      </PageHead>
      <div className="space-y-5">
        <NavCard />
        <div className="grid grid-cols-1 items-start gap-5 lg:grid-cols-[minmax(0,7fr)_minmax(0,5fr)]">
          <div className="space-y-5">
            <BasketIn />
          </div>
          <div className="space-y-5">
            <WeightsCard />
            <BridgeCard />
          </div>
        </div>
        <BasketOut />
        {wallet.address ? (
          <Positions address={wallet.address} mine />
        ) : (
          <Card title="My requests">
            <Notice tone="neutral">
              Connect a wallet to see your requests, what came of them and what you can claim.
            </Notice>
          </Card>
        )}
        <div className="grid grid-cols-1 items-start gap-5 lg:grid-cols-2">
          <HistoryCard />
          <div className="space-y-5">
            <PricesCard />
            <EpochsCard />
          </div>
        </div>
      </div>
    </>
  )
}
