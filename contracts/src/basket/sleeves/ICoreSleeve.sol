// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title What the sleeve of CORE adds to ISleeve: validators by weight, and chores that anyone may do.
/// @notice CORE is idle or delegated to at most 8 validators, a unit is a wei of it either way. It has no unbonding, so every
/// leg is paid in the transaction that starts it:
///
///     dawn     the round turned       what leaves is undelegated: it earns nothing for the day that begins
///     day      no delegation          undelegating eats what earns first: in and out of a day must meet as idle coins
///     dusk     the last hour          idle coins go to the validators, and earn from the round that is about to begin
///
/// @dev What may leave a validator: at least the system's minimum (1 CORE), with at least as much staying, or all. So the
/// sleeve undelegates more than asked where it must; the excess stays idle.
interface ICoreSleeve {
    /// @notice One slot.
    struct Validator {
        address account;
        uint88 stake; // wei; 3.1e26 at most, a seventh of all CORE
        uint8 weight; // in proportion to the others'; 0: nothing more is delegated to it
    }

    error TooManyValidators(uint256 most);
    error UnknownValidator(address validator);
    error DuplicateValidator(address validator);
    /// @notice It is left out of the list and still has stake: weight 0 first, then `moveStake`.
    error StakeLeft(address validator, uint256 stake);
    error LengthMismatch(uint256 a, uint256 b);
    /// @notice Coins are delegated from `opensAt` to the end of the day, and not before the day's round has begun.
    error NotDusk(uint256 opensAt);
    /// @notice The validator is sound and not over its weight by more than the limit, or nothing is there to go anywhere.
    error NothingToMove(address validator);
    /// @notice The first reading is too young.
    error DriftTooYoung(address validator, uint256 movableFrom);
    error NotTenant(address caller);
    error TenantSet(address tenant);
    /// @notice It is no sleeve of this basket for another token.
    error BadTenant(address tenant);

    event ValidatorsSet(address[] validators, uint8[] weights);
    event Delegated(address indexed validator, uint256 amount);
    event Undelegated(address indexed validator, uint256 amount);
    /// @notice A call of the staking system for this validator failed; it was passed over.
    event Skipped(address indexed validator, bytes4 what, uint256 amount);
    event StakeMoved(address indexed from, address indexed to, uint256 amount);
    event DriftSeen(address indexed validator, uint256 movableFrom);
    /// @notice The staking system knows less of our stake than was booked.
    event StakeLost(address indexed validator, uint256 amount);
    /// @notice It knows again of stake that it had not known of.
    event StakeFound(address indexed validator, uint256 amount);
    event TenantNamed(address indexed tenant);

    /// @notice Timelock only: the whole list. A validator with stake stays in it until its stake has moved.
    function setValidators(address[] calldata validators, uint8[] calldata weights) external;
    /// @notice Moves stake away from a validator that is jailed, gone, closed, not elected or of weight 0, as much as the sound one
    /// furthest under its weight lacks; or from one that is over its weight by more than DRIFT_BPS at this and at an earlier reading
    /// an hour to a day ago (this call makes the first). The day's reward is kept. Anyone.
    /// @return moved wei; 0: this was a first reading
    function moveStake(address from) external returns (uint256 moved);
    /// @notice Books what the staking system says it has of us with `validator`: less than was booked, or again as much as was
    /// booked before such a loss, never more. Anyone.
    /// @return stake booked now
    function reconcile(address validator) external returns (uint256 stake);

    /// @notice Timelock only, once: another sleeve of this basket whose token (lstBTC) earns more at the address that delegates.
    /// It may leave its tokens here and take them again.
    function setTenant(address tenant) external;
    /// @notice Tenant only: `amount` of its token to `to`.
    function release(uint256 amount, address to) external;

    function validators() external view returns (Validator[] memory);
    /// @notice Wei delegated, as booked.
    function delegated() external view returns (uint256);
    function tenant() external view returns (address);
}
