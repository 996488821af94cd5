"use client";
import { Button, Collapse, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { NO_HARDWARE, type OwnedHardware, ownedNote, priceOfOwned } from "../../domain/costs/owned-hardware.ts";
import classes from "./costs.module.css";

/** What an hour of one's own machine costs, from what it was bought for and what it draws. `onUse`: the price, and how it came about. */
export function OwnedHardwareFields({ currency, unit, onUse }: { currency: string; unit: string; onUse: (price: string, note: string) => void }) {
  const [opened, panel] = useDisclosure(false);
  const [hardware, setHardware] = useState<OwnedHardware>(NO_HARDWARE);
  const found = priceOfOwned(hardware);
  const field = (name: keyof OwnedHardware, label: string, description: string, placeholder?: string) => (
    <TextInput label={label} description={description} placeholder={placeholder} inputMode="decimal" value={hardware[name]} error={"field" in found && found.field === name && found.message} onChange={(event) => setHardware({ ...hardware, [name]: event.currentTarget.value })} />
  );
  const use = () => {
    if ("field" in found) return;
    onUse(found.unitPrice, ownedNote(hardware));
    panel.close();
  };
  return (
    <div>
      <button type="button" className={classes.fold} aria-expanded={opened} onClick={panel.toggle}>{opened ? "Hide the calculator" : "Work it out for hardware of your own"}</button>
      <Collapse expanded={opened}>
        <div className={classes.calculator}>
          <div className={classes.pair}>{field("purchase", "Bought for", `The whole machine, ${currency}`, "320000")}{field("residual", "Worth in the end", `${currency}; empty is nothing`)}</div>
          <div className={classes.pair}>{field("months", "Used for", "Months")}{field("units", "Units", "Its accelerators, cores or GiB")}</div>
          <div className={classes.pair}>{field("kilowatts", "Draws", "Kilowatts at work", "10.2")}{field("tariff", "Electricity", `${currency} a kWh`, "0.25")}</div>
          <div className={classes.pair}>{field("pue", "PUE", "What cooling adds: 1 is nothing")}{field("monthly", "Space, staff, support", `${currency} a month`, "2000")}</div>
          {!("field" in found) && (
            <div className={classes.worked}>
              <span><strong>{found.unitPrice} {currency}</strong> <span className="dim">/ {unit}, used or not</span></span>
              <span className="dim">hardware {found.hardware}, power {found.power}, upkeep {found.monthly}</span>
              <Button variant="default" size="compact-sm" onClick={use}>Use this price</Button>
            </div>
          )}
        </div>
      </Collapse>
    </div>
  );
}
