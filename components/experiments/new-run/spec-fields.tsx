"use client";
import { CodeSection } from "./code-section.tsx";
import { InteractiveSection } from "./interactive-section.tsx";
import { OverridesSection } from "./overrides-section.tsx";
import { ResourcesSection } from "./resources-section.tsx";
import { BasicsSection, InputsSection, OutputsSection, PlacementSection, ReliabilitySection } from "./sections.tsx";

/** Everything a run can be asked, in one column, the usual first. */
export function SpecFields() {
  return (
    <>
      <BasicsSection />
      <InteractiveSection />
      <CodeSection />
      <ResourcesSection />
      <InputsSection />
      <OutputsSection />
      <ReliabilitySection />
      <PlacementSection />
      <OverridesSection />
    </>
  );
}
