// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title A small account that owns one cooldown slot per validator.
/// @dev EIP-1167 clone; the controller (the minter) is immutable in the implementation; no owner, no storage.
/// Every coin it gets is forwarded to the controller by `receiveFromBucket()`.
interface IStakerBucket {
    error NotController(address caller);
    /// @notice The staking system took the unstake and shows no cooldown for it.
    error NoCooldown(uint16 validatorId);

    function CONTROLLER() external view returns (address);
    function stake(uint16 validatorId) external payable;
    /// @return end unix second at which this cooldown matures, as the staking system reports it.
    function unstake(uint16 validatorId, uint256 amount) external returns (uint256 end);
    /// @notice Withdraws all that matured and forwards the bucket's whole balance.
    /// @return received wei forwarded.
    function withdraw() external returns (uint256 received);
    function restake(uint16 validatorId, uint256 amount) external;
    /// @notice Claims rewards of `token` (the native sentinel: forwards the bucket's whole balance by `receiveFromBucket()`;
    /// an ERC-20: transfers the bucket's whole balance of it to the controller).
    /// @return received wei forwarded.
    function claim(address token, uint16 validatorId) external returns (uint256 received);
    receive() external payable;
}
