"use client";
import Link from "next/link";
import { type ComponentProps, useState } from "react";

/** A link of the frame. Its page is prepared once somebody is about to go there: all of them at every load would hold the data of the page back. */
export function PreparedLink({ onMouseEnter, onFocus, ...props }: ComponentProps<typeof Link>) {
  const [isNear, setNear] = useState(false);
  return (
    <Link
      {...props}
      prefetch={isNear ? null : false}
      onMouseEnter={(event) => { setNear(true); onMouseEnter?.(event); }}
      onFocus={(event) => { setNear(true); onFocus?.(event); }}
    />
  );
}
