// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ILiquidMinter} from "./ILiquidMinter.sol";
import {LiquidBase} from "./LiquidBase.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// @title The minter halted: sweeps, finalization and claims go on, nothing else.
/// @notice Deployed beforehand and immutable. Governor and guardian together switch to it (`emergency`); leaving it is an
/// upgrade by the admin like any other, announced `longestExit` ahead.
/// @dev A sieve in front of the code that was in force when it was built: what goes on runs there, on the same ERC-7201
/// storage, so no second version of a claim can differ from the first. Whoever upgrades the minter names a new halt with it.
///
///     proxy --delegatecall--> LiquidHalt --on the list--> LiquidMinter --> its parts
///                                  '-----not on it------> revert Halted
contract LiquidHalt is LiquidBase, UUPSUpgradeable {
    /// @notice The implementation in front of which this one stands.
    address public immutable CODE;

    constructor(address token_, address staking_, address code) LiquidBase(token_, staking_) {
        if (code.code.length == 0) revert ZeroAddress();
        CODE = code;
    }

    /// @dev Leaving is loosening.
    function _authorizeUpgrade(address) internal override onlyRole(DEFAULT_ADMIN_ROLE) {
        _loosening(true);
    }

    /// @dev A plain transfer would be a deposit.
    receive() external payable {
        revert Halted(bytes4(0));
    }

    // Handing on ends the call on purpose: what the code behind returns is the answer.
    // slither-disable-next-line incorrect-return
    fallback() external payable {
        if (!goesOn(msg.sig)) revert Halted(msg.sig);
        _delegate(CODE);
    }

    /// @notice As the minter's, but nothing can be deposited: the vault must not offer what it cannot do.
    function depositTerms() external view returns (uint256 rate, uint256 room) {
        return (_state().rate, 0);
    }

    /// @notice Whether a function of the minter can still be called.
    function goesOn(bytes4 sig) public pure returns (bool) {
        return _isStep(sig) || _isRecord(sig) || _isFigure(sig);
    }

    /// @dev Coins come home, reach the line, and are claimed; a slash is booked, because finalization waits for that. And
    /// what it takes to leave the halt, or to repair the adapter under it.
    function _isStep(bytes4 sig) private pure returns (bool) {
        return sig == ILiquidMinter.sweepMaturedBuckets.selector || sig == ILiquidMinter.receiveFromBucket.selector
            || sig == ILiquidMinter.finalize.selector || sig == ILiquidMinter.bookSlash.selector
            || sig == ILiquidMinter.fulfillRequests.selector || sig == ILiquidMinter.claimFor.selector
            || sig == ILiquidMinter.withdraw.selector || sig == bytes4(keccak256("claim(uint256,uint256,uint256)"))
            || sig == ILiquidMinter.claimTo.selector || sig == ILiquidMinter.unstakeRewards.selector
            || sig == ILiquidMinter.schedule.selector || sig == ILiquidMinter.cancelScheduled.selector
            || sig == ILiquidMinter.emergency.selector;
    }

    /// @dev Every view still answers. These: requests, rungs, validators and their buckets.
    function _isRecord(bytes4 sig) private pure returns (bool) {
        return sig == ILiquidMinter.findHints.selector || sig == ILiquidMinter.claimable.selector
            || sig == ILiquidMinter.request.selector || sig == ILiquidMinter.rung.selector
            || sig == ILiquidMinter.line.selector || sig == ILiquidMinter.checkpoint.selector
            || sig == ILiquidMinter.mark.selector || sig == ILiquidMinter.exitEta.selector
            || sig == ILiquidMinter.getReadyRequestsForUser.selector || sig == ILiquidMinter.getBuckets.selector
            || sig == ILiquidMinter.getBucketAvailabilitySummary.selector
            || sig == ILiquidMinter.getBufferAndQueueStats.selector
            || sig == ILiquidMinter.getValidatorsToProcess.selector || sig == ILiquidMinter.getNextValidator.selector
            || sig == ILiquidMinter.nextBatchUnstakeTimePerValidator.selector
            || sig == ILiquidMinter.totalQueuedWithdrawalsPerValidator.selector
            || sig == ILiquidMinter.validators.selector || sig == ILiquidMinter.validatorState.selector;
    }

    /// @dev Money, parameters and addresses.
    function _isFigure(bytes4 sig) private pure returns (bool) {
        return sig == ILiquidMinter.rate.selector || sig == ILiquidMinter.assets.selector
            || sig == ILiquidMinter.supply.selector || sig == ILiquidMinter.headroom.selector
            || sig == ILiquidMinter.activeStake.selector || sig == ILiquidMinter.committed.selector
            || sig == ILiquidMinter.due.selector || sig == ILiquidMinter.bufferTarget.selector
            || sig == ILiquidMinter.instantLiquidity.selector || sig == ILiquidMinter.meter.selector
            || sig == ILiquidMinter.freeToStake.selector || sig == ILiquidMinter.quoteExit.selector
            || sig == ILiquidMinter.quoteDeposit.selector || sig == ILiquidMinter.fees.selector
            || sig == ILiquidMinter.currentWithheldETH.selector || sig == ILiquidMinter.totalInstantUnstaked.selector
            || sig == ILiquidMinter.totalUnstaked.selector || sig == ILiquidMinter.longestExit.selector
            || sig == ILiquidMinter.flags.selector || sig == ILiquidMinter.feesAndRatios.selector
            || sig == ILiquidMinter.keeperParams.selector || sig == ILiquidMinter.scheduledAt.selector
            || sig == ILiquidMinter.token.selector || sig == ILiquidMinter.rewards.selector
            || sig == ILiquidMinter.staking.selector || sig == ILiquidMinter.factory.selector
            || sig == ILiquidMinter.rewardsSink.selector || sig == ILiquidMinter.feeRecipient.selector
            || sig == ILiquidMinter.setupSealed.selector || sig == ILiquidMinter.haltCode.selector
            || sig == ILiquidMinter.stakingReader.selector || sig == ILiquidMinter.emergencySignature.selector
            || sig == ILiquidMinter.depositTerms.selector || sig == ILiquidMinter.vault.selector
            || sig == ILiquidMinter.openRung.selector || sig == ILiquidMinter.requestFunding.selector
            || sig == ILiquidMinter.ammRoute.selector || sig == ILiquidMinter.ticketOwner.selector
            || sig == ILiquidMinter.receipts.selector || sig == ILiquidMinter.autoPay.selector
            || sig == ILiquidMinter.insurance.selector || sig == ILiquidMinter.converter.selector
            || sig == ILiquidMinter.version.selector;
    }
}
