// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Test} from "forge-std/Test.sol";

/// What the basket's code asks of the chain under it. snapshots/opcodes.json has the whole list, of every artifact.
contract OpcodesTest is Test {
    uint256 private constant PUSH1 = 0x60;
    uint256 private constant PUSH32 = 0x7f;
    uint256 private constant BLOBHASH = 0x49;
    uint256 private constant BLOBBASEFEE = 0x4a;
    uint256 private constant TLOAD = 0x5c;
    uint256 private constant TSTORE = 0x5d;
    uint256 private constant MCOPY = 0x5e;
    uint256 private constant JUMPDEST = 0x5b;
    /// STOP, JUMP, RETURN, REVERT, INVALID, SELFDESTRUCT
    uint256 private constant ENDS = 1 << 0x00 | 1 << 0x56 | 1 << 0xf3 | 1 << 0xfd | 1 << 0xfe | 1 << 0xff;

    function deployed(string memory name) private view returns (bytes memory) {
        return vm.envOr("FRESH", false)
            ? vm.getDeployedCode(string.concat(name, ".sol:", name))
            : vm.parseJsonBytes(vm.readFile(string.concat("artifacts/", name, ".json")), ".deployedBytecode");
    }

    /// @return seen bit n is opcode n. What is pushed is data, and so is what follows an end and no jump leads to.
    function opcodes(bytes memory code) private pure returns (uint256 seen) {
        bool runs = true;
        for (uint256 i; i < code.length; ++i) {
            uint256 op = uint8(code[i]);
            if (op == JUMPDEST) runs = true;
            if (runs) seen |= 1 << op;
            if (ENDS >> op & 1 == 1) runs = false;
            if (op >= PUSH1 && op <= PUSH32) i += op - PUSH1 + 1;
        }
    }

    /// A chain that has no transient storage (EIP-1153 is unproven on Core) would make a lock that locks nothing, or a call
    /// that always fails: no contract of the basket uses it.
    function test_b41_noContractOfTheBasketNeedsTransientStorage() public view {
        string[32] memory names = [
            "Basket",
            "BasketDesk",
            "BasketMarket",
            "BasketViews",
            "BasketFactory",
            "BasketReceipts",
            "BasketToken",
            "UnbondingQueue",
            "SingleAssetExit",
            "CoreSleeve",
            "StCoreSleeve",
            "StCoreAccount",
            "HeldSleeve",
            "LstBtcSleeve",
            "Erc4626Sleeve",
            "LiquidSleeve",
            "PriceFeed",
            "AggregatorSource",
            "BandSource",
            "CrossSource",
            "EarnSource",
            "MedianSource",
            "MinterSource",
            "TwapV2Guard",
            "TwapV3Guard",
            "BasketGovernor",
            "BasketTimelock",
            "GovToken",
            "Guardian",
            "LocalCoreAgent",
            "LocalCoreStakeHub",
            "LocalCoreEarn"
        ];
        uint256 none = 1 << TLOAD | 1 << TSTORE | 1 << BLOBHASH | 1 << BLOBBASEFEE;
        for (uint256 i; i < names.length; ++i) {
            uint256 seen = opcodes(deployed(names[i]));
            assertEq(seen & none, 0, names[i]);
        }
        // The walk finds what is there: the minter's lock is a transient one.
        assertEq(opcodes(deployed("LiquidMinter")) >> TSTORE & 1, 1, "LiquidMinter");
        assertEq(opcodes(hex"5e") >> MCOPY & 1, 1, "an opcode");
        assertEq(opcodes(hex"605e") >> MCOPY & 1, 0, "data");
    }
}
