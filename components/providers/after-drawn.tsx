"use client";
import { Suspense, useEffect, useState } from "react";

/**
 * What nothing on a page needs at first comes once the page is drawn. Its state lies here and not in the providers around it: one
 * that draws again hands out its context again, and React then makes all that has not come alive below it do so in one piece.
 */
export function AfterDrawn({ children }: { children: React.ReactNode }) {
  const [isDrawn, setDrawn] = useState(false);
  useEffect(() => setDrawn(true), []);
  return isDrawn && <Suspense fallback={null}>{children}</Suspense>;
}
