//! scratch
use bedrock_sim::{Auth, Simulator};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
fn cpu() -> f64 { let s=std::fs::read_to_string("/proc/self/task").unwrap_or_default(); let _=s; 
 let mut out=0.0; for t in std::fs::read_dir("/proc/self/task").unwrap(){let t=t.unwrap().path(); let name=std::fs::read_to_string(t.join("comm")).unwrap(); if name.trim()=="bedrock-sim"{ let st=std::fs::read_to_string(t.join("stat")).unwrap(); let f:Vec<&str>=st.rsplit(')').next().unwrap().split_whitespace().collect(); out+= (f[11].parse::<f64>().unwrap()+f[12].parse::<f64>().unwrap())/100.0; } } out }
async fn one(addr: std::net::SocketAddr, prompt: &str) -> (usize, usize) {
    let t0=Instant::now(); let mut s = tokio::net::TcpStream::connect(addr).await.unwrap(); let tc=t0.elapsed();
    let body = format!("{{\"messages\":[{{\"role\":\"user\",\"content\":[{{\"text\":\"{prompt}\"}}]}}]}}");
    s.write_all(format!("POST /model/sim.text-v1%3A0/converse-stream HTTP/1.1\r\nhost: l\r\ncontent-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await.unwrap();
    let (mut n, mut reads) = (0, 0);
    let mut buf = vec![0; 65536]; let mut tail = Vec::new();
    loop { let k = s.read(&mut buf).await.unwrap(); if k == 0 { break } n += k; reads += 1; tail.extend_from_slice(&buf[..k]); let l=tail.len(); if l>7 {tail.drain(..l-7);} if tail.ends_with(b"\r\n0\r\n\r\n") { break } }
    if t0.elapsed().as_millis()>900 && prompt.contains("coal") {println!("connect {tc:?} total {:?}", t0.elapsed());}
    (n, reads)
}
#[tokio::main(flavor="current_thread")]
async fn main() {
    let sim = Simulator::builder().auth(Auth::off()).start_in_thread().unwrap();
    let addr = sim.address();
    for (streams, prompt) in [(1, "sim:long deltas=1000"), (200, "sim:long deltas=1000"), (200, "sim:long deltas=1000 writes=coalesced"), (1000, "sim:paced")] {
        let (t, c) = (Instant::now(), cpu());
        let hs: Vec<_> = (0..streams).map(|_| tokio::spawn(one(addr, prompt))).collect();
        let mut n = 0; let mut r = 0; for h in hs { let (a, b) = h.await.unwrap(); n += a; r += b; }
        println!("{prompt}: {streams} streams, {n} bytes, {r} reads, {:?}, server cpu {:.2}s", t.elapsed(), cpu() - c);
    }
    let _ = Duration::ZERO;
}
