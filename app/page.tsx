export default function Home() {
  return <main>Drover</main>;
}
