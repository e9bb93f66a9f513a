numa=fake=2		# tests of migration take two nodes
