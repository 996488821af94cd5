"use client";

/** The frame itself failed: no theme, no providers, plain words. */
export default function GlobalError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <html lang="en">
      <body style={{ display: "grid", minHeight: "100vh", margin: 0, placeItems: "center", font: "14px/1.5 system-ui, sans-serif", colorScheme: "light dark" }}>
        <main style={{ maxWidth: 480, padding: 24 }}>
          <h1 style={{ fontSize: 20 }}>Drover could not draw this page</h1>
          <p>Runs and clusters are not touched by this. Trying again is safe.</p>
          {error.digest && <p>Request <code>{error.digest}</code></p>}
          <button type="button" onClick={reset}>Try again</button>
        </main>
      </body>
    </html>
  );
}
