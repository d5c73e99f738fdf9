//! What of the sleeves' and guards' own functions no interface carries.
#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    reason = "generated code"
)]

alloy::sol! {
    #![sol(all_derives)]

    interface ICoreSystems {
        function AGENT() external view returns (address agent);
        function HUB() external view returns (address hub);
        function DRIFT_BPS() external view returns (uint256 bps);
        /// A call outside failed.
        error OutsideFailed(address target, bytes4 selector);
        /// Too little gas to tell a failure from a lack of it.
        error GasTooLow(uint256 left, uint256 needed);
    }

    interface IMarks {
        event Marked(uint256 sum, bool thin);
        function POOL() external view returns (address pool);
        function WINDOW() external view returns (uint256 window);
        function newer() external view returns (uint256 sum, uint48 at, bool thin);
        function mark() external;
        error TooEarly(uint256 now_, uint256 from);
    }

    interface IReserves {
        function getReserves() external view returns (uint112 reserve0, uint112 reserve1, uint32 at);
    }
}
