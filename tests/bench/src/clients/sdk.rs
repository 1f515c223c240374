//! (b) The AWS SDK used directly, with the types of its own.

use std::time::Instant;

use anyhow::{Result, ensure};
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_bedrockruntime::types::{
    ContentBlock, ContentBlockDelta, ConversationRole, ConverseStreamOutput, Message,
};

use super::{Answer, Client, MODEL, PROMPT, REGION};

#[derive(Clone)]
pub(super) struct Sdk {
    client: aws_sdk_bedrockruntime::Client,
}

impl Sdk {
    pub(super) async fn new(endpoint: &str) -> Self {
        let config = aws_config::defaults(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .endpoint_url(endpoint)
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .load()
            .await;
        Self { client: aws_sdk_bedrockruntime::Client::new(&config) }
    }
}

impl Client for Sdk {
    async fn stream(&self) -> Result<Answer> {
        let content = ContentBlock::Text(PROMPT.to_owned());
        let message = Message::builder().role(ConversationRole::User).content(content).build()?;
        let mut answer = Answer::default();
        let mut stopped = false;
        let asked = Instant::now();
        let mut output = self.client.converse_stream().model_id(MODEL).messages(message).send().await?;
        while let Some(event) = output.stream.recv().await? {
            match event {
                ConverseStreamOutput::ContentBlockDelta(event) => {
                    if let Some(ContentBlockDelta::Text(text)) = event.delta {
                        answer.text(text.len(), || asked.elapsed());
                    }
                }
                ConverseStreamOutput::MessageStop(_) => stopped = true,
                _ => {}
            }
        }
        ensure!(stopped, "the stream had no end: {answer:?}");
        Ok(answer)
    }
}
