//! The real Uniswap V2, for local chains: its published bytecode, read from npm's package when it is wanted.

use crate::error::{Problem, Result};
use alloy::{
    hex,
    primitives::{Address, Bytes, keccak256},
    sol_types::SolValue as _,
};
use serde::Deserialize;
use std::path::PathBuf;

/// A pool's own fee, basis points.
pub const FEE_BPS: u64 = 30;
/// How the route speaks to a pool: not at all, as to Uniswap V2, as to Uniswap V3.
pub const NONE: u8 = 0;
/// See [`NONE`].
pub const V2: u8 = 1;
/// See [`NONE`].
pub const V3: u8 = 2;
/// Where npm puts the package, from the root of the repository.
const PACKAGE: &str = "contracts/node_modules/@uniswap/v2-core/build";

alloy::sol! {
    /// `UniswapV2Factory`.
    #[derive(Debug)]
    interface Factory {
        function createPair(address a, address b) external returns (address pair);
        function getPair(address a, address b) external view returns (address pair);
    }

    /// `UniswapV2Pair`.
    #[derive(Debug)]
    interface Pair {
        function token0() external view returns (address);
        function getReserves() external view returns (uint112 first, uint112 second, uint32 at);
        function mint(address to) external returns (uint256 liquidity);
        function swap(uint256 first, uint256 second, address to, bytes data) external;
    }

    /// What wraps the coin.
    #[derive(Debug)]
    interface Wrapped {
        function deposit() external payable;
    }
}

/// Creation code of the factory.
///
/// # Errors
/// [`Problem::MissingTool`] without the package.
pub fn factory_code(arguments: &[u8]) -> Result<Bytes> {
    let mut code = bytecode("UniswapV2Factory")?;
    code.extend_from_slice(arguments);
    Ok(code.into())
}

/// Where a factory makes the pool of two tokens: CREATE2, by the tokens in order and the pool's code.
///
/// # Errors
/// As [`factory_code`].
pub fn pair_address(factory: Address, a: Address, b: Address) -> Result<Address> {
    let salt = keccak256((a.min(b), a.max(b)).abi_encode_packed());
    Ok(factory.create2(salt, keccak256(bytecode("UniswapV2Pair")?)))
}

fn bytecode(name: &str) -> Result<Vec<u8>> {
    #[derive(Deserialize)]
    struct Artifact {
        bytecode: String,
    }
    let folder = std::env::var_os("OMNIBUS_UNISWAP").map_or_else(|| PACKAGE.into(), PathBuf::from);
    let path = folder.join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).map_err(|_| Problem::MissingTool {
        tool: "Uniswap V2",
        hint: "run scripts/setup (npm's @uniswap/v2-core) in the repository, or name its build folder in OMNIBUS_UNISWAP",
    })?;
    let artifact: Artifact = serde_json::from_str(&text).map_err(Problem::unexpected)?;
    hex::decode(artifact.bytecode).map_err(Problem::unexpected)
}
