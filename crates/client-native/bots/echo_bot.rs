//! The bot of docs/bots.md, which a test holds against that page and runs.
use chinwag_client_native::{Client, Login, Profile, Unlock};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let profile = Profile::at("echo-bot", Unlock::UnprotectedKeyFile);
    let bot = Client::log_in(profile, &Login::from_env()?).await?;
    let mut messages = bot.messages();
    while let Some(message) = messages.next().await {
        bot.reply(message.chat, message.seq, &message.text()).await?;
    }
    Ok(())
}
