"""What `kuzushiji doctor` looks at: packages, memory, disk, weights, fonts, credentials, and a trial reading."""
